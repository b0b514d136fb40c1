import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inShell } from '../contestants.ts'
import type { Work } from '../harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'osier-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

/** A module of one import. */
function moduleOf(name: string, specifier: string): readonly string[] {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, `import '${specifier}'\n`)
  return [file]
}

export const works: readonly Work[] = [
  {
    name: "node, import 'osier'",
    osier: inShell(process.execPath, moduleOf('osier', import.meta.resolve('osier'))),
    against: [
      { name: 'bare node', entry: inShell(process.execPath, moduleOf('bare', 'node:fs')), atMostMore: 30 },
      {
        name: "node, import 'koffi'",
        entry: inShell(process.execPath, moduleOf('koffi', import.meta.resolve('koffi'))),
      },
    ],
  },
]
