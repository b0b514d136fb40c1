import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../tools/repository.ts'

/** What is built or installed. Tests may make nothing else here. */
const OTHERS = ['.git', '.matrix', '.zig', 'build', 'dist', 'node_modules']

/** The paths of all files and folders of a project, but those that are built or installed. */
export function filesOfProject(project: string = repository, folder = ''): string[] {
  return readdirSync(join(project, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (OTHERS.includes(path)) return []
    const inner = entry.isDirectory() && entry.name !== 'node_modules' ? filesOfProject(project, path) : []
    return [path, ...inner]
  })
}

/** The paths that a project has, and did not have when it was listed before. */
export function leftovers(before: readonly string[], project: string = repository): string[] {
  const known = new Set(before)
  return filesOfProject(project).filter((path) => !known.has(path))
}
