import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inRepository } from '../../tools/repository.ts'
import { assertSamePage } from '../support/same_page.ts'
import { classes } from './all.ts'
import { omissions } from './omissions.ts'
import { page } from './page.ts'
import { type Check, Here } from './suite.ts'

/** Runs a check in a place of its own. */
async function run(check: Check): Promise<void> {
  const here = new Here()
  try {
    await check(here)
  } finally {
    here.end()
  }
}

for (const { module, name, tests } of classes) {
  describe(`${module}.${name}`, () => {
    for (const [origin, behaviours] of Object.entries(tests)) {
      for (const { sentence, check, reason, skip } of behaviours) {
        if (check === undefined) continue
        const title = reason === undefined ? sentence : `${sentence} (not here: ${reason})`
        test(`${origin}: ${title}`, { skip }, () => run(check))
      }
    }
  })
}

/** What a class of CPython's tests has itself, and what it inherits from. */
interface Own {
  readonly extends: readonly string[]
  readonly tests: readonly string[]
}

const python = JSON.parse(readFileSync(inRepository('test/fixtures/cpython-tests.json'), 'utf8')) as Record<
  string,
  string | Record<string, Own>
>
const origins = new Map<string, Own>(
  Object.entries(python).flatMap(([module, all]) =>
    typeof all === 'string' ? [] : Object.entries(all).map(([name, own]) => [`${module}.${name}`, own] as const),
  ),
)

/** A class and all that it inherits from. */
function ancestry(name: string): string[] {
  return [name, ...(origins.get(name)?.extends ?? []).flatMap(ancestry)]
}

/** Tests of CPython as "module.Class.test": those that are covered or omitted, including inherited ones. */
function named(name: string, tests: readonly string[]): string[] {
  return tests.flatMap((test) => {
    const owners = ancestry(name).filter((ancestor) => origins.get(ancestor)?.tests.includes(test))
    assert.ok(owners.length > 0, `CPython has no test ${name}.${test}`)
    return owners.map((owner) => `${owner}.${test}`)
  })
}

const taken = classes.flatMap(({ module, name, tests }) => named(`${module}.${name}`, Object.keys(tests)))
const leftOut = omissions.flatMap(({ module, name, tests }) => {
  const full = `${module}.${name}`
  return named(full, tests.length > 0 ? tests : (origins.get(full)?.tests ?? []))
})

describe('the suite', () => {
  test('takes up every test of CPython, or says why not', () => {
    const all = [...origins].flatMap(([name, { tests }]) => tests.map((one) => `${name}.${one}`))
    assert.deepEqual([...new Set([...taken, ...leftOut])].sort(), all.sort())
  })

  test('leaves out nothing that it takes up', () => {
    assert.deepEqual(
      leftOut.filter((one) => taken.includes(one)),
      [],
    )
  })

  test('says of a class no behaviour twice', () => {
    for (const { name, tests } of classes) {
      const sentences = Object.entries(tests).flatMap(([origin, all]) => all.map(({ sentence }) => origin + sentence))
      assert.equal(new Set(sentences).size, sentences.length, name)
    }
  })

  test('is what docs/conformance.md counts: `npm run conformance` writes it', () => {
    const name = 'docs/conformance.md'
    assertSamePage(readFileSync(inRepository(name), 'utf8'), page(), name, 'npm run conformance')
  })
})
