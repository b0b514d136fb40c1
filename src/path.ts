/** Python's `os.path`, which is `posixpath` on this platform; also `os.path` of `osier`. */

export { altsep, curdir, defpath, devnull, extsep, pardir, pathsep, sep } from './os/system/pathnames.ts'
export * from './path/expansion.ts'
export {
  basename,
  commonpath,
  commonprefix,
  dirname,
  isabs,
  join,
  normcase,
  normpath,
  split,
  splitdrive,
  splitext,
  splitroot,
} from './path/lexical.ts'
export * from './path/resolution.ts'
export * from './path/status.ts'

/**
 * Whether the system's file names are Unicode text. On Linux they are bytes, which programs decode.
 *
 * Availability: everywhere. See Python, os.path.supports_unicode_filenames.
 */
export const supports_unicode_filenames: boolean = process.platform === 'darwin'

export * as default from './path.ts'
