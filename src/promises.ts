/**
 * The functions of `os` that may keep the caller waiting, under the same names and with the same arguments, as
 * promises. What is wrong with arguments rejects the promise; auditing events are raised before the function returns.
 *
 * What waits for a disk is made on libuv's thread pool, in the order in which it is asked for, at most three calls at a
 * time (one less than the pool has threads), so that `node:fs` finds a thread. Each call works on memory of its own:
 * paths and values are taken at once, and what is to be written when its turn comes.
 *
 * Each takes `{ signal }` beside its other options. Aborted, a call that waits for its turn is never made. One that is
 * under way cannot be stopped: what it opens is closed again, and one that uses a descriptor of the caller's rejects
 * only when it has ended, so that the descriptor can be closed then.
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
