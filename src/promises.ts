/**
 * The functions of `os` that can block, under the same names and with the same arguments, returning promises. Invalid
 * arguments reject the promise; audit events are raised before the function returns.
 *
 * Calls that wait for a disk run on libuv's thread pool, in the order in which they are requested, at most three at a
 * time (one less than the pool has threads), so that a thread is free for `node:fs`. Paths and values are copied when the
 * function is called; data to write is read when the call runs.
 *
 * Each function takes `{ signal }` beside its other options. If it is aborted, a queued call is never made. A running
 * call cannot be stopped: a descriptor that it opens is closed, and a call that uses a descriptor of the caller rejects
 * only when it has ended, so that the caller can then close the descriptor.
 */
export type { SignalOption } from './promises/abort.ts'
export * from './promises/descriptors/linux_fds.ts'
export * from './promises/descriptors/locks.ts'
export { close, open } from './promises/descriptors/open_close.ts'
export * from './promises/descriptors/ranges.ts'
export * from './promises/descriptors/read_write.ts'
export { pread, pwrite } from './promises/descriptors/read_write.ts'
export * from './promises/descriptors/transfers.ts'
export { copy_file_range } from './promises/descriptors/transfers.ts'
export * from './promises/descriptors/vectors.ts'
export { preadv, pwritev } from './promises/descriptors/vectors.ts'
export * from './promises/file_objects/streams.ts'
export * from './promises/files/access.ts'
export * from './promises/files/directories.ts'
export * from './promises/files/file_systems.ts'
export * from './promises/files/file_systems.ts'
export { fwalk } from './promises/files/fwalk.ts'
export * from './promises/files/links.ts'
export * from './promises/files/permissions.ts'
export * from './promises/files/rename_remove.ts'
export * from './promises/files/scandir.ts'
export * from './promises/files/special_files.ts'
export * from './promises/files/status.ts'
export * from './promises/files/truncate.ts'
export * from './promises/files/utime.ts'
export { walk } from './promises/files/walk.ts'
export * from './promises/files/xattr.ts'
export * from './promises/process_parameters/users.ts'
export * from './promises/processes/popen.ts'
export {
  spawnl,
  spawnle,
  spawnlp,
  spawnlpe,
  spawnv,
  spawnve,
  spawnvp,
  spawnvpe,
  system,
} from './promises/processes/spawn.ts'
export * from './promises/processes/wait.ts'
export * from './promises/system/random.ts'
export type { WaitOptions } from './promises/wait_options.ts'

export * as default from './promises.ts'
