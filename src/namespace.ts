/** All of `os`: the chapters, `is_available`, which knows their functions, `os.path` and `os.promises`. */

export { is_available } from './os/available.ts'
export * from './os/index.ts'
export * as path from './path.ts'
export * as promises from './promises.ts'
