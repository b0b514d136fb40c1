import { readFileSync, writeFileSync } from 'node:fs'
import { inRepository } from '../../tools/repository.ts'

/** The generated parts of docs/reliability.md, between two comments that name them. */

const PAGE = 'docs/reliability.md'

function find(page: string, name: string): readonly [start: number, end: number] {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `\n<!-- ${name}: end -->`]
  const at = page.indexOf(begin)
  if (at === -1) throw new Error(`${PAGE} has no section ${name}`)
  return [at + begin.length, page.indexOf(end, at)]
}

export function readSection(name: string): string {
  const page = readFileSync(inRepository(PAGE), 'utf8')
  return page.slice(...find(page, name))
}

export function writeSection(name: string, text: string): void {
  const page = readFileSync(inRepository(PAGE), 'utf8')
  const [start, end] = find(page, name)
  writeFileSync(inRepository(PAGE), page.slice(0, start) + text + page.slice(end))
}
