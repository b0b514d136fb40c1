import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { inRepository, repository } from '../../tools/repository.ts'

/** What is built or installed. Tests may make nothing else here. */
const OTHERS = ['.git', '.matrix', '.zig', 'build', 'dist', 'node_modules'].map((name) => inRepository(name))

/** The paths of all files and folders of the project, but those that are built or installed. */
export function filesOfProject(folder: string = repository): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (OTHERS.includes(path)) return []
    const inner = entry.isDirectory() && entry.name !== 'node_modules' ? filesOfProject(path) : []
    return [relative(repository, path), ...inner]
  })
}

/** What has come into the project since it was listed. */
export function leftovers(before: readonly string[]): string[] {
  const known = new Set(before)
  return filesOfProject().filter((path) => !known.has(path))
}
