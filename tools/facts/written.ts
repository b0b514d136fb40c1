/** The facts as stored in the repository, compared with the headers of this machine. */

import { readFileSync } from 'node:fs'
import { inRepository } from '../repository.ts'
import { collectFacts } from './collect.ts'
import { asTables, type Difference, differences, joinFacts, type Tables } from './merge.ts'
import type { Target } from './targets.ts'
import type { Toolchain } from './toolchains.ts'

export function sourcePath(name: string): string {
  return inRepository(`src/libc/targets/${name}.ts`)
}

/** All facts of a target: the common ones and its own. */
export async function readTarget(name: string): Promise<Tables> {
  return joinFacts(await readTables('linux'), await readTables(name))
}

/** The versions of the headers that a target's file was made from. */
export function readHeaders(name: string): string {
  const [, , versions = ''] = readFileSync(sourcePath(name), 'utf8').split('\n')
  return versions.replace('// ', '')
}

/**
 * Where a target's file disagrees with the headers here. Headers of another version may lack names or have more of
 * them; what both know must be equal.
 */
export async function compareWithHeaders(target: Target, toolchain: Toolchain): Promise<Difference[]> {
  const found = differences(await readTarget(target.name), asTables(collectFacts(toolchain.compiler)))
  if (toolchain.headers === readHeaders(target.name)) return found
  return found.filter(({ written, fresh }) => written !== undefined && fresh !== undefined)
}

/** From the source, which is JavaScript but for two words: the build may be older, or may not be possible yet. */
async function readTables(name: string): Promise<Tables> {
  const source = readFileSync(sourcePath(name), 'utf8').replaceAll(/\} as const$/gm, '}')
  const module: Tables = await import(`data:text/javascript,${encodeURIComponent(source)}`)
  // A module has its exports sorted by name.
  const tables = Array.from(source.matchAll(/^export const (\w+)/gm), ([, table = '']) => table)
  return Object.fromEntries(tables.map((table) => [table, module[table] ?? {}]))
}
