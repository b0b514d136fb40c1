import { readdirSync } from 'node:fs'
import type { Work } from './harness.ts'

/** Every module in the folder `groups` is a group: it exports its `works`. */
const folder = new URL('./groups/', import.meta.url)

export const groups: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3))
  .sort()

export async function works(group: string): Promise<readonly Work[]> {
  const module: { works: readonly Work[] } = await import(new URL(`${group}.js`, folder).href)
  return module.works
}
