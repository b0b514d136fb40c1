/** The public declarations change on purpose only: what the build declares is what test/fixtures/api.txt has. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicDeclarations, REPORT } from '../tools/api/report.ts'
import { declarationsOfDoors } from '../tools/front_doors.ts'
import { lineDifferences } from '../tools/line_differences.ts'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { onlyNode } from './support/runtime.ts'
import { assertSamePage } from './support/same_page.ts'

const skip = onlyNode('the compiler is for Node')

test('the public declarations are those that are written down', { skip }, () => {
  assertSamePage(readFileSync(inRepository(REPORT), 'utf8'), publicDeclarations(), REPORT, 'npm run api')
})

/** A build with two front doors, from these files. */
function declarations(files: Readonly<Record<string, string>>): string {
  const dist = temporaryFolder()
  for (const [, file] of declarationsOfDoors()) writeFileSync(join(dist, file), 'export {}\n')
  mkdirSync(join(dist, 'os'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dist, name), text)
  return publicDeclarations(dist)
}

test('the report says what users see, and neither where nor how it is declared', { skip }, () => {
  const one = declarations({
    'index.d.ts': "export { rename, type Renaming } from './os/links.js'\nexport { MAX } from './os/links.js'\n",
    'os/links.d.ts': `
      /** A comment. */
      export interface Renaming { readonly flags?: number }
      interface Hidden { readonly inner: Inner }
      interface Inner { value: string }
      export declare function rename(src: string, options?: Renaming): Hidden
      export declare const MAX: number
      export declare const internal: number
    `,
  })
  const other = declarations({
    'index.d.ts': "export * from './os/renaming.js'\nexport { MAX } from './os/types.js'\n",
    'os/renaming.d.ts': `
      import type { Hidden, Renaming } from './types.js'
      export type { Renaming }
      export declare const rename: (src: string, options?: Renaming) => Hidden
    `,
    'os/types.d.ts': `
      export interface Inner { value: string }
      export interface Hidden { readonly inner: Inner }
      export interface Renaming { readonly flags?: number }
      export declare const MAX: number
    `,
  })
  assert.equal(one, other)
  const names = one.slice(one.indexOf('# osier\n'), one.indexOf('# osier/promises\n'))
  assert.equal(
    names,
    '# osier\n\nconst MAX: number\ntype Renaming\nfunction rename(src: string, options?: Renaming | undefined): Hidden\n\n',
  )
  const types = one.slice(one.indexOf('# The types'))
  assert.equal(
    types,
    [
      '# The types behind these names\n',
      'interface Hidden {\n    readonly inner: Inner;\n}\n',
      'interface Inner {\n    value: string;\n}\n',
      'interface Renaming {\n    readonly flags?: number;\n}\n',
    ].join('\n'),
  )
})

test('a change of an option is a change of the report', { skip }, () => {
  const text = (option: string) => `export declare function stat(path: string, options?: StatOptions): void
    interface StatOptions { readonly follow?: boolean; ${option} }`
  const before = declarations({ 'index.d.ts': text('') })
  const after = declarations({ 'index.d.ts': text('readonly flags?: number') })
  const [line, ...others] = lineDifferences(before, after)
  assert.match(line ?? '', /^\+ \d+: {5}readonly flags\?: number;$/)
  assert.deepEqual(others, [])
})
