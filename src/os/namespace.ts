/** All of `os`: the chapters, and `is_available`, which knows all of them. */
export { is_available } from './available.ts'
export * from './index.ts'
