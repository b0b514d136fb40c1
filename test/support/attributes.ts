import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import os from 'osier'

/** For `skip`: why a folder's files cannot have an attribute with a value of so many bytes, or false where they can. */
export function noAttributes(where: string, size: number): string | false {
  const probe = join(where, `probe-${process.pid}`)
  try {
    writeFileSync(probe, '')
    os.setxattr(probe, 'user.osier', Buffer.alloc(size))
    return false
  } catch (error) {
    return `no attributes of ${size} bytes on the file system of ${where}: ${error}`
  } finally {
    rmSync(probe, { force: true })
  }
}
