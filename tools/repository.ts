import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project. This file runs as build/tools/repository.js. */
export const repository: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The absolute path of a file of the project, whatever the working directory is. */
export function inRepository(...parts: readonly string[]): string {
  return join(repository, ...parts)
}
