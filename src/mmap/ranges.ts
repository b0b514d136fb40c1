import { outOfRange } from '../errors.ts'
import { int64 } from '../os/arguments/numbers.ts'

/** Offsets and indexes within a mapping, as Python counts them. */

export function integer(value: unknown, name: string): number {
  return Number(int64(value, name))
}

/** An offset, negative from the end, as one within the mapping. */
export function within(offset: number, size: number): number {
  return Math.min(Math.max(offset < 0 ? offset + size : offset, 0), size)
}

export function indexWithin(index: unknown, size: number): number {
  const number = integer(index, 'index')
  const place = number < 0 ? number + size : number
  if (place < 0 || place >= size) throw outOfRange('index', 'within the mmap', index)
  return place
}

export function range(start: unknown, stop: unknown, size: number): readonly [from: number, to: number] {
  const from = start === null ? 0 : within(integer(start, 'start'), size)
  const to = stop === null ? size : within(integer(stop, 'stop'), size)
  return [from, Math.max(from, to)]
}

/** The part of a mapping that starts at an offset: all behind it, or as many bytes as are given. */
export function part(offset: unknown, size: unknown, total: number): readonly [from: number, count: number] {
  const from = integer(offset, 'offset')
  if (from < 0 || from > total) throw outOfRange('offset', 'within the mmap', offset)
  const count = size === null ? total - from : integer(size, 'size')
  if (count < 0 || count > total - from) throw outOfRange('size', 'within the mmap', size)
  return [from, count]
}

/** Checks that two ranges of a mapping are within it. */
export function checkMove(dest: number, src: number, count: number, total: number): void {
  const most = total - count
  if (count < 0 || most < 0) throw outOfRange('count', 'within the mmap', count)
  if (dest < 0 || dest > most) throw outOfRange('dest', 'within the mmap', dest)
  if (src < 0 || src > most) throw outOfRange('src', 'within the mmap', src)
}
