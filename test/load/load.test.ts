/** Long runs leak no memory, descriptors or children. `npm run load` makes longer runs, and documents their figures. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSection } from '../support/page_section.ts'
import { share } from '../support/share.ts'
import { load, times } from './load.ts'

for (const [name, ofAll] of Object.entries(times)) {
  const count = share(ofAll)
  test(`${name}, ${count} times: flat memory, nothing left open`, (t) => {
    const { before, first, last } = load(name, count)
    const growth = last.memory / first.memory - 1
    assert.ok(growth < 0.05, `memory grows by ${(100 * growth).toFixed(1)} % from ${first.memory} bytes on`)
    for (const { descriptors, children } of [first, last]) {
      assert.deepEqual({ descriptors, children }, { descriptors: before.descriptors, children: before.children })
    }
    t.diagnostic(`memory grew by ${(100 * growth).toFixed(1)} %`)
  })
}

test('docs/reliability.md has the figures of a whole run', () => {
  const page = readSection('load')
  for (const [name, count] of Object.entries(times)) {
    const [, growth = 'none', descriptors, children] =
      new RegExp(
        `^\\| ${name} \\| ${count.toLocaleString('en').replaceAll(',', ' ')} \\|.*\\| (-?[\\d.]+) % \\| (\\d+) \\| (\\d+) \\|$`,
        'm',
      ).exec(page) ?? []
    assert.ok(Number(growth) < 5, `${name} grew by ${growth} %`)
    assert.deepEqual([descriptors, children], ['0', '0'])
  }
})
