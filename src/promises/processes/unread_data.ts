import { ownBytes, ownConcat } from '../../libc/own_bytes.ts'
/**
 * Data that has been read but not returned: bytes, or text whose sizes count characters (a surrogate pair is one).
 *
 * Neither a line nor a sized piece copies what follows it: a part of a buffer or of a flat string shares its memory.
 */
export class UnreadData<Data extends string | Buffer> {
  readonly #isBinary: boolean
  /** Data that was joined, in memory of its own, of which the part before `#start` has been returned. */
  #data: Data
  #start = 0
  /** Data that came later. */
  #parts: Data[] = []

  constructor(isBinary: boolean) {
    this.#isBinary = isBinary
    this.#data = this.#empty()
  }

  #empty(): Data {
    return (this.#isBinary ? Buffer.alloc(0) : '') as Data
  }

  push(piece: Data): void {
    this.#parts.push(piece)
  }

  /** Joins all unread data. */
  #join(): Data {
    if (this.#parts.length === 0) return this.#data
    const all = [this.#data.slice(this.#start) as Data, ...this.#parts]
    this.#data = (this.#isBinary ? ownConcat(all as Buffer[]) : all.join('')) as Data
    this.#parts = []
    this.#start = 0
    return this.#data
  }

  /** The size of the unread data, counted no further than `most`. */
  sizeUpTo(most: number): number {
    const data = this.#join()
    if (typeof data !== 'string') return Math.min(data.length - this.#start, most)
    let count = 0
    for (let at = this.#start; at < data.length && count < most; at = afterCharacter(data, at)) count++
    return count
  }

  /** Removes and returns the first bytes or characters; all of it for -1. */
  take(most: number): Data {
    const data = this.#join()
    return this.#takeTo(most === -1 ? data.length : this.#placeAfter(data, most))
  }

  /** Removes and returns the first line, or the first `most` of it (-1: all); null where neither is complete. */
  takeLine(most: number): Data | null {
    const data = this.#join()
    const newline = data.indexOf('\n', this.#start)
    const end = newline === -1 ? data.length : newline + 1
    if (most !== -1) {
      const limit = this.#placeAfter(data, most)
      const isComplete = limit < data.length || this.sizeUpTo(most) === most
      if (limit <= end && isComplete) return this.#takeTo(limit)
    }
    return newline === -1 ? null : this.#takeTo(end)
  }

  #takeTo(end: number): Data {
    const data = this.#data
    const isAll = this.#start === 0 && end === data.length
    const taken = isAll
      ? data
      : typeof data === 'string'
        ? data.slice(this.#start, end)
        : ownBytes(data, this.#start, end)
    this.#start = end
    if (end === this.#data.length) {
      // Nothing refers to the memory of what has been returned.
      this.#data = this.#empty()
      this.#start = 0
    }
    return taken as Data
  }

  /** The index behind the first bytes or characters; the end of the data where there are fewer. */
  #placeAfter(data: Data, count: number): number {
    if (typeof data !== 'string') return Math.min(this.#start + count, data.length)
    let at = this.#start
    for (let left = count; left > 0 && at < data.length; left--) at = afterCharacter(data, at)
    return at
  }
}

/** The index of the character after that at an index. */
function afterCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1)
}

/** The length in bytes, or in characters. */
export function lengthOf(data: string | Buffer): number {
  if (typeof data !== 'string') return data.length
  let count = 0
  for (let at = 0; at < data.length; at = afterCharacter(data, at)) count++
  return count
}
