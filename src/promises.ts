/**
 * The functions of `os` that may keep the caller waiting, under the same names and with the same arguments, as promises.
 * Each takes `{ signal }` beside its other options.
 */
export type { SignalOption } from './promises/abort.ts'
export * from './promises/descriptors.ts'
export * from './promises/directories.ts'
export * from './promises/file_systems.ts'
export * from './promises/files.ts'
export * from './promises/locks.ts'
export * from './promises/metadata.ts'
export { close, copy_file_range, open, pread, preadv, pwrite, pwritev } from './promises/open_files.ts'
export * from './promises/popen.ts'
export { spawnl, spawnle, spawnlp, spawnlpe, spawnv, spawnve, spawnvp, spawnvpe, system } from './promises/processes.ts'
export * from './promises/random.ts'
export * from './promises/ranges.ts'
export * from './promises/scandir.ts'
export * from './promises/splicing.ts'
export * from './promises/streams.ts'
export * from './promises/users.ts'
export * from './promises/wait.ts'
export type { WaitOptions } from './promises/wait_options.ts'
export { fwalk, walk } from './promises/walk.ts'
export * from './promises/xattr.ts'
