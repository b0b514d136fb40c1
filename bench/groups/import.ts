import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Entry, inShell } from '../contestants.ts'
import type { Work } from '../harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'osier-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true }))
install()

/** osier as users have it, in node_modules beside what it depends on: from elsewhere, Node would look for it longer. */
function install(): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'osier'), { recursive: true })
  for (const part of ['dist', 'package.json']) cpSync(part, join(modules, 'osier', part), { recursive: true })
  for (const name of ['koffi', '@koromix', 'js-fatfs']) {
    cpSync(join('node_modules', name), join(modules, name), { recursive: true })
  }
}

/** A module of one import. */
function moduleOf(specifier: string): readonly string[] {
  const file = join(folder, `${specifier.replaceAll(/\W/g, '-')}.mjs`)
  writeFileSync(file, `import '${specifier}'\n`)
  return [file]
}

const importing = (specifier: string): Entry => inShell(process.execPath, moduleOf(specifier))
const bareNode = { name: 'bare node', entry: importing('node:fs') }

export const works: readonly Work[] = [
  {
    name: "node, import 'osier'",
    osier: importing('osier'),
    against: [
      { ...bareNode, atMostMore: 30 },
      { name: "node, import 'koffi'", entry: importing('koffi') },
    ],
  },
]
