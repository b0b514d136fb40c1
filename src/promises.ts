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
