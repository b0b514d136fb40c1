import { constants, structs } from '../src/libc/facts.ts'
import { type Bare, close, library, newMemory } from './bare.ts'

// Reading a directory by koffi's bare calls.

const openat: Bare<[at: number, path: string, flags: number]> = library.func('int openat(int, const char *, int)')
const getdents64: Bare<[fd: number, out: number, size: number]> = library.func(
  'long getdents64(int, uintptr_t, size_t)',
)
const fstatat: Bare<[at: number, name: number, out: number, flags: number]> = library.func(
  'int fstatat(int, uintptr_t, uintptr_t, int)',
)

const { AT_FDCWD, DT_LNK, DT_REG, O_CLOEXEC, O_DIRECTORY, S_IFMT, S_IFREG } = constants
const { d_name, d_reclen, d_type } = structs.dirent64.offsets
const RECORDS = 65536
const scratch = newMemory(RECORDS + structs.stat.size)
const u16 = new Uint16Array(scratch.bytes.buffer)
const u32 = new Uint32Array(scratch.bytes.buffer)

/** How many plain files there are, and links to such: what floor.c counts, with neither names nor objects. */
export function countFiles(path: string): number {
  const { bytes, address } = scratch
  const fd = openat(AT_FDCWD, path, O_DIRECTORY | O_CLOEXEC)
  let files = 0
  for (let size = 0; (size = getdents64(fd, address, RECORDS)) > 0; ) {
    for (let at = 0; at < size; at += u16[(at + d_reclen) >> 1] ?? size) {
      const type = bytes[at + d_type]
      if (type === DT_REG) files += 1
      else if (type === DT_LNK && fstatat(fd, address + at + d_name, address + RECORDS, 0) === 0) {
        if (((u32[(RECORDS + structs.stat.offsets.st_mode) >> 2] ?? 0) & S_IFMT) === S_IFREG) files += 1
      }
    }
  }
  close(fd)
  return files
}
