import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project: that of package.json. This file is compiled to more than one place of build/. */
export const repository: string = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder))
}

/** The absolute path of a file of the project, whatever the working directory is. */
export function inRepository(...parts: readonly string[]): string {
  return join(repository, ...parts)
}
