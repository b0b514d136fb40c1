/**
 * Every call under every fault: the usual result, the fault's error, or a documented `false`; no leaked descriptor or
 * child.
 */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { noNamespaces } from '../support/namespaces.ts'
import { readSection } from '../support/page_section.ts'
import { assertSamePage } from '../support/same_page.ts'
import { noSeccomp } from '../support/seccomp.ts'
import { chosen, partOfAll } from '../support/share.ts'
import { failSyscalls, makeSituations, situations } from './faults.ts'
import { completed, machine, section } from './page.ts'
import { errors, mistakes, type Report } from './report.ts'

describe('faults', { skip: noSeccomp }, () => {
  let ofSyscalls: ReadonlyMap<string, Report>
  let ofSituations: ReadonlyMap<string, Report>

  before(async () => {
    ofSyscalls = completed(await failSyscalls(chosen(1)))
    ofSituations = completed(await makeSituations())
  })

  test('without faults the calls work', () => {
    for (const { usual } of ofSyscalls.values()) {
      const failed = Object.entries(usual).filter(([, outcome]) => /^[A-Z]\w*Error|^E[A-Z]+|left/.test(outcome))
      // Some kernels and file systems do not support these.
      const unexpected = failed.filter(
        ([call]) => !/xattr|follow_symlinks: false|pidfd|posix_fallocate|1 GiB/.test(call),
      )
      assert.deepEqual(unexpected, [])
    }
  })

  for (const error of Object.keys(errors)) {
    test(`a system call that fails with ${error} throws that error, or is replaced by another system call`, () => {
      for (const [syscall, { usual, faults }] of ofSyscalls) {
        assert.deepEqual(mistakes(usual, faults[error] ?? {}, [error]), [], syscall)
        assert.deepEqual(Object.keys(faults[error] ?? {}), Object.keys(usual))
      }
    })
  }

  for (const { name, fault, allowed, mounts } of situations) {
    const skip = mounts === true && noNamespaces
    test(`${name}: ${allowed.join(', ') || 'no errors at all'}`, { skip }, () => {
      const { usual = {}, faults } = ofSituations.get(name) ?? {}
      assert.deepEqual(mistakes(usual, faults?.[fault] ?? {}, allowed), [])
      assert.ok(Object.keys(faults?.[fault] ?? {}).length > 80)
    })
  }

  test('docs/reliability.md says the same', { skip: partOfAll }, (t) => {
    const page = readSection('faults')
    if (!page.includes(`One run on ${machine()}.`))
      return t.skip(`the page was written on another machine than ${machine()}`)
    if (noNamespaces !== false) return t.skip(noNamespaces)
    // Whether 1 GiB can be allocated depends on how much address space the engine has reserved before.
    const ofAllEngines = (text: string): string => text.replace(/^\| no more than 64 MiB of memory left .*$/m, '')
    const now = section(ofSyscalls, ofSituations)
    assertSamePage(ofAllEngines(page), ofAllEngines(now), 'docs/reliability.md', 'npm run faults')
  })
})
