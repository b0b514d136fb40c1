/** All of `os`: the chapters, `is_available`, which knows all of them, and their asynchronous twins. */
export * as path from '../path.ts'
export * as promises from '../promises.ts'
export { is_available } from './available.ts'
export * from './index.ts'
