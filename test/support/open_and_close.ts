import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import os from 'osier'

/** Calls `body` with a descriptor, and closes it afterwards. */
export function withFd<T>(fd: number, body: (fd: number) => T): T {
  try {
    return body(fd)
  } finally {
    os.close(fd)
  }
}

/** Calls `body` with a new pipe, and closes the ends that are still open afterwards. */
export function withPipe<T>(body: (r: number, w: number) => T): T {
  const [r, w] = os.pipe()
  try {
    return body(r, w)
  } finally {
    os.closerange(r, r + 1)
    os.closerange(w, w + 1)
  }
}

let files = 0

/** A path in a folder that no other call returns. */
export function newPath(folder: string): string {
  return join(folder, `file-${files++}`)
}

/** Calls `body` with a new file in a folder, open for reading and writing at its start, and closes it afterwards. */
export function withNewFile<T>(folder: string, content: string | Uint8Array, body: (fd: number) => T): T {
  return withFd(os.open(newPath(folder), os.O_RDWR | os.O_CREAT), (fd) => {
    os.write(fd, Buffer.from(content as string))
    os.lseek(fd, 0, os.SEEK_SET)
    return body(fd)
  })
}

/** A new folder with a file, a folder with a file in it, and links to both and to a missing file. */
export function treeWithLinks(folder: string): string {
  const root = mkdtempSync(join(folder, 'tree-'))
  writeFileSync(join(root, 'file'), 'contents')
  mkdirSync(join(root, 'full'))
  writeFileSync(join(root, 'full/inner'), '')
  symlinkSync('file', join(root, 'to-file'))
  symlinkSync('full', join(root, 'to-full'))
  symlinkSync('nowhere', join(root, 'broken'))
  return root
}
