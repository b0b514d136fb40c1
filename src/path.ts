/** Python's `os.path`, which is `posixpath` here: also `os.path` of `osier`. */

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
 * Whether file names are Unicode text to the system. To Linux they are bytes, and what they mean is up to programs.
 *
 * Availability: everywhere. See Python, os.path.supports_unicode_filenames.
 */
export const supports_unicode_filenames: boolean = process.platform === 'darwin'
