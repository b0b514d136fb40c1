/** A function that lacks what CONTRIBUTING.md asks for fails a check, which says what to do; the functions of os do not. */

import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as os from 'osier'
import { type Declared, DIST, declarationsOf } from '../tools/declarations/functions.ts'
import { badInputReport } from './support/bad_input_report.ts'
import {
  changesUntold,
  chaptersLacking,
  commentsIncomplete,
  examplesLacking,
  reasonsLacking,
  supportsWrong,
} from './support/checks.ts'
import { temporaryFolder } from './support/folder.ts'
import { harmUnstated } from './support/harm.ts'
import { ownDescriptors } from './support/runtime.ts'
import { kindsUnstated, kindsWithoutNeed, publicFunctions } from './support/signatures.ts'
import { twinsLacking } from './support/twins.ts'

const folder = temporaryFolder()

/** The declarations of a module that is made up. */
function declaredAs(text: string): Declared[] {
  const file = join(folder, 'made_up.d.ts')
  writeFileSync(file, text)
  return declarationsOf(file)
}

const BARE =
  'export declare function no_such_function(no_such_name: Path, options?: { readonly dir_fd?: number }): number;'
const COMPLETE = `/**
 * no_such_function(2): does nothing.
 *
 * @param no_such_name the name
 * @param options \`dir_fd\`
 * @returns a number
 * @throws PermissionError without CAP_SYS_ADMIN
 *
 * Availability: Linux. See no_such_function(2).
 * @example
 * \`\`\`ts
 * os.no_such_function('here')
 * \`\`\`
 */
${BARE}`

describe('the functions of os have', () => {
  const functions = publicFunctions()

  test('complete doc comments', () => {
    assert.deepEqual(commentsIncomplete(functions), [])
  })

  test('parameters whose kinds are known, and no kinds are stated without need', () => {
    assert.deepEqual([...kindsUnstated(functions), ...kindsWithoutNeed(functions)], [])
  })

  test('their places in the sets of what they support', () => {
    assert.deepEqual(supportsWrong(functions, os), [])
  })
})

describe('a new function is missed where it lacks', () => {
  const names = ['no_such_function']

  test('a doc comment, or parts of it', () => {
    const like = ', as its neighbours in src/ have'
    assert.deepEqual(commentsIncomplete(declaredAs(BARE)), [`no_such_function: give it a doc comment${like}`])
    assert.deepEqual(commentsIncomplete(declaredAs(COMPLETE)), [])
    const unnamed = commentsIncomplete(declaredAs(COMPLETE.replace('`dir_fd`', '-')))
    assert.deepEqual(unnamed, [`no_such_function: give it the option "dir_fd", in a line of @param${like}`])
    for (const line of ['@param no_such_name', '@param options', '@returns', 'Availability: ', 'See ', '@example']) {
      const [complaint, ...others] = commentsIncomplete(declaredAs(COMPLETE.replace(line, '-')))
      assert.match(
        complaint ?? '',
        new RegExp(`^no_such_function: give it an? .*"?${line.replace('See ', 'source: "See ')}`),
      )
      assert.deepEqual(others, [])
    }
  })

  test('an example that is found', () => {
    assert.deepEqual(examplesLacking('osier', [...names, 'stat'], new Set(['stat'])), [
      'no_such_function: give its doc comment in src/ an @example, which test/doc_examples.test.ts finds directly above it',
    ])
  })

  test('a chapter', () => {
    assert.deepEqual(chaptersLacking(names, []), ['no_such_function: export it in its chapter of src/os/index.ts'])
    assert.deepEqual(chaptersLacking(names, [...names, ...names]), [
      'no_such_function: leave it in one chapter of src/os/index.ts',
    ])
  })

  test('a reason to be exported, and a place in the changelog', () => {
    assert.deepEqual(reasonsLacking(names, new Set(), []), [
      'no_such_function: no document names it; say in extras of test/inventory.test.ts why it is exported',
    ])
    assert.deepEqual(changesUntold(names, 'gethostname'), [
      "no_such_function: name it in CHANGELOG.md, since no document of Python's does",
    ])
  })

  test('the kind of a parameter', () => {
    const [no_such_name, dirFd, ...others] = kindsUnstated(declaredAs(BARE))
    const where = (type: string): string =>
      `say in test/support/signatures.ts of which kind it is: in kindsByType, for all parameters ${type}, or in exceptions, for this one`
    assert.equal(no_such_name, `no_such_function.no_such_name: ${where('"no_such_name" of the type Path')}`)
    assert.equal(dirFd, `no_such_function.dir_fd: ${where('"dir_fd" of the type number')}`)
    assert.deepEqual(others, [])
  })

  test('what is known of its harm', () => {
    assert.deepEqual(harmUnstated(names), [
      'no_such_function: say in test/support/harm.ts whether it is harmless, harmlessAsIntended or harmful',
    ])
  })

  test('a twin', () => {
    assert.deepEqual(twinsLacking(names, os.promises), [
      'no_such_function: give it a twin in src/promises/, or say in neverBlocking of test/support/twins.ts why it needs none',
    ])
  })

  test('a place in a set of what it supports', () => {
    const options = '{ readonly dir_fd?: number; readonly follow_symlinks?: boolean; readonly effective_ids?: boolean }'
    const wrong = supportsWrong(
      declaredAs(
        `export declare function no_such_function(no_such_name: Path | Descriptor, options?: ${options}): void;`,
      ),
      { ...os, no_such_function() {} },
    )
    const sets = ['supports_dir_fd', 'supports_fd', 'supports_follow_symlinks', 'supports_effective_ids']
    assert.deepEqual(
      wrong,
      sets.map((set) => `no_such_function: put it into ${set} in src/os/supports.ts`),
    )
    const plain = declaredAs('export declare function open(path: Path): void;')
    assert.deepEqual(supportsWrong(plain, os), ['open: take it out of supports_dir_fd in src/os/supports.ts'])
  })
})

/** Functions under names of `os`, which stand for harmless ones, each with one fault; and one of which nothing is known. */
const FAULTY = `
import fs from 'node:fs'
import * as os from ${JSON.stringify(join(DIST, 'index.js'))}
export function no_such_function() { fs.writeFileSync(${JSON.stringify(join(folder, 'called'))}, '') }
export function fstat(fd) {
  if (fd?.fd === 1000) fs.openSync('/dev/null')
  return os.fstat(fd)
}
export function lstat(path) {
  if (path === 'x'.repeat(256)) fs.writeFileSync('../outside/sentinel', 'touched')
  return os.lstat(path)
}
export function dup(fd) {
  return fd === null ? 0 : os.dup(fd)
}
`
const FAULTY_TYPES = `
export declare function no_such_function(no_such_name: Path): void;
export declare function fstat(fd: Descriptor): stat_result;
export declare function lstat(path: Path): stat_result;
export declare function dup(fd: Descriptor): number;
`

test('bad input finds the value that does harm, and calls nothing of which nothing is known', {
  skip: ownDescriptors,
}, () => {
  writeFileSync(join(folder, 'faulty.mjs'), FAULTY)
  writeFileSync(join(folder, 'faulty.d.ts'), FAULTY_TYPES)
  const { wrong } = badInputReport(join(folder, 'faulty.mjs'), join(folder, 'faulty.d.ts'))
  assert.deepEqual(
    wrong.filter((what) => !what.startsWith('no_such_function')),
    [
      'dup, fd = null: was accepted, and returned number',
      'fstat, fd = fd that is not open: leaves 1 descriptors open',
      'lstat, path = a name that is too long: touched the file outside',
    ],
  )
  assert.equal(wrong.length, 5, wrong.join('\n'))
  assert.ok(!existsSync(join(folder, 'called')))
})

test('bad input gives what is harmful only what must be refused', { skip: ownDescriptors }, () => {
  const types = 'export declare function chroot(path: Path): void;'
  const module = `
    import fs from 'node:fs'
    import * as os from ${JSON.stringify(join(DIST, 'index.js'))}
    export function chroot(path) {
      os.fspath(path)
      fs.writeFileSync(${JSON.stringify(join(folder, 'chroot'))}, '')
    }`
  writeFileSync(join(folder, 'harmful.mjs'), module)
  writeFileSync(join(folder, 'harmful.d.ts'), types)
  const { wrong } = badInputReport(join(folder, 'harmful.mjs'), join(folder, 'harmful.d.ts'))
  // fspath lets pass what only the system calls refuse: a NUL, and a surrogate that no byte stands for.
  assert.ok(wrong.length > 0)
  assert.deepEqual(
    wrong.filter((what) => !/NUL|surrogate/.test(what)),
    [],
  )
})
