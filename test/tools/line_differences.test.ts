/** A page that is not as it would be generated fails with the lines that differ. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineDifferences } from '../../tools/line_differences.ts'
import { assertSamePage } from '../support/same_page.ts'

test('texts that are the same have no differences', () => {
  assert.deepEqual(lineDifferences('a\nb\n', 'a\nb\n'), [])
})

test('lines that only one text has are listed with their numbers', () => {
  assert.deepEqual(lineDifferences('a\nb\nc\n', 'a\nc\nd\n'), ['- 2: b', '+ 3: d'])
  assert.deepEqual(lineDifferences('a\n', 'a\na\n'), ['+ 2: a'])
})

test('the same lines in another order are a difference', () => {
  assert.deepEqual(lineDifferences('a\nb\nc', 'a\nc\nb'), [
    'the same lines in another order, from line 2 on',
    '- b',
    '+ c',
  ])
})

test('a page that differs fails with these lines, and not with the page', () => {
  const page = `${'a line that is the same\n'.repeat(1000)}`
  assert.throws(() => assertSamePage(`${page}old\n`, `${page}new\n`, 'docs/page.md', 'npm run page'), {
    message: 'docs/page.md is not what `npm run page` writes:\n- 1001: old\n+ 1001: new',
  })
  const many = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n')
  assert.throws(() => assertSamePage(many, '', 'docs/page.md', 'npm run page'), /\.\.\. and 61 lines more$/)
  assertSamePage(page, page, 'docs/page.md', 'npm run page')
})
