import os from 'osier'

/**
 * Run with --expose-gc: writes buffers that are referenced only by the call, of kinds that V8 moves, while the array
 * that is passed runs a garbage collection each time an item is read.
 */
declare const gc: () => void

const PIECES = 40
const text = (index: number): string => `${String(index).padStart(7, '0')} `

const fd = os.memfd_create('collected')
const pieces = new Proxy([], {
  get(target, name) {
    if (name === 'length') return PIECES
    if (typeof name !== 'string' || !/^\d+$/.test(name)) return Reflect.get(target, name)
    gc()
    const bytes = new Uint8Array(8)
    bytes.set(Buffer.from(text(Number(name))))
    return bytes
  },
})
os.writev(fd, pieces)
const expected = Array.from({ length: PIECES }, (_, index) => text(index)).join('')
console.log(os.pread(fd, 1000, 0).toString() === expected ? 'as written' : 'something else was written')
os.close(fd)
