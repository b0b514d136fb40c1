/**
 * The functions of `os` that may keep the caller waiting, under the same names and with the same arguments, as promises.
 * Each takes `{ signal }` beside its other options.
 */
export type { SignalOption } from './promises/abort.ts'
export * from './promises/descriptors.ts'
export * from './promises/metadata.ts'
