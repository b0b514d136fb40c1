/**
 * The `os` of sjs:
 *
 *     import os from 'osier/sjs'
 */
import { getcwd } from './os/files/directories.ts'
import { define } from './properties.ts'
import * as functions from './sjs/os.ts'

export * from './sjs/os.ts'

export interface CurrentDirectory {
  /**
   * getcwd(2): the current directory, read at each access: an absolute path. A module cannot export a getter, so this
   * is not a named export.
   *
   * @throws FileNotFoundError if it has been removed
   *
   * Availability: Linux. See getcwd(2); sjs, os.cwd.
   */
  readonly cwd: string
}

const os: typeof functions & CurrentDirectory = define({ ...functions } as typeof functions & CurrentDirectory, 'cwd', {
  get: getcwd,
  enumerable: true,
  configurable: true,
})
export default os
