/** The table of C functions: prototypes that koffi takes, and parameters that have the roles that others rely on. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { constants } from '../../src/libc/facts.ts'
import { has, type Prototypes, prototypes, rolesOf } from '../../src/libc/functions.ts'
import { scratchAddress } from '../../src/libc/memory.ts'
import { inC } from '../../src/libc/roles.ts'
import type { Prepared } from '../../src/os/prepared.ts'
import { type Outcome, onPool } from '../../src/promises/on_pool.ts'
import { inRepository } from '../../tools/repository.ts'

const names = Object.keys(prototypes) as (keyof Prototypes)[]

/** Which parameters are descriptors of directories, by their index: from the pages of section 2 of the manual. */
const DIRECTORIES: Partial<Record<keyof Prototypes, readonly number[]>> = {
  faccessat: [0],
  fchmodat: [0],
  fchmodat2: [0],
  fchownat: [0],
  fstatat: [0],
  fstatatByAddress: [0],
  linkat: [0, 2],
  mkdirat: [0],
  mkfifoat: [0],
  mknodat: [0],
  openat: [0],
  openat2: [0],
  readlinkat: [0],
  renameat: [0, 2],
  statx: [0],
  symlinkat: [1],
  unlinkat: [0],
  utimensat: [0],
}

test('every function that is called ...at says which of its parameters are descriptors of directories', () => {
  const isAt = (name: string) => /at2?$|atByAddress$|^statx$/.test(name)
  const roles = names
    .filter((name) => isAt(name) || rolesOf(name).dirfd.length > 0)
    .map((name) => [name, rolesOf(name).dirfd])
  assert.deepEqual(
    Object.fromEntries(roles),
    DIRECTORIES,
    'write dirfd in the prototype (src/libc/functions.ts), and a line in the table of this test, from the manual',
  )
})

interface Parameter {
  readonly name: string
  readonly type: string
  readonly index: number
}

/** The parameters in TypeScript's part of each line of the table. */
function typed(name: string, source: string): Parameter[] {
  const [, list = ''] = new RegExp(`^  ${name}: c\\(.*\\) as \\((.*?)\\) =>`, 'm').exec(source) ?? []
  return Array.from(list.matchAll(/(\w+): ([^,]+)/g), ([, parameter = '', type = ''], index) => {
    return { name: parameter, type, index }
  })
}

test('a parameter has the role that its name in TypeScript says', () => {
  const source = readFileSync(inRepository('src/libc/functions.ts'), 'utf8')
  const wrong = names.flatMap((name) => {
    const roles = rolesOf(name)
    return typed(name, source)
      .filter(({ name: parameter, type, index }) => {
        const isDescriptor = type === 'number' && ['at', 'fd', 'fd2', 'newFd', 'epoll'].includes(parameter)
        const isPath = type === 'CString' && ['path', 'src', 'dst'].includes(parameter)
        if (isDescriptor && !roles.fd.includes(index) && !roles.dirfd.includes(index)) return true
        return isPath && !roles.path.includes(index)
      })
      .map(({ name: parameter }) => `${name}: ${parameter}`)
  })
  assert.deepEqual(wrong, [], 'write fd, dirfd or path in the prototype (src/libc/functions.ts)')
})

test('roles are C types to koffi', () => {
  assert.equal(
    inC('long readlinkat(dirfd, path, scratch, size_t)'),
    'long readlinkat(int, const char *, uintptr_t, size_t)',
  )
  assert.equal(inC('int path(fd)'), 'int path(int)')
  // koffi refuses unknown types, so this checks every prototype.
  assert.ok(names.filter(has).length > 150)
})

// The calls below are those of the thread pool, where they begin at once. With io_uring they begin in the next tick.
process.env.OSIER_IO_URING = '0'

const { AT_FDCWD } = constants
const ANYTHING: Outcome<unknown> = { result: (result) => result }
/** No process of the tests opens so many. */
const CLOSED = 1_000_000

function rolesAreChecked<Name extends keyof Prototypes>(name: Name, args: Prepared<Name>['args']): Promise<void> {
  const call = { name, args, syscall: name, file: undefined } as Prepared
  return assert.rejects(onPool(call, ANYTHING), {
    name: 'RangeError',
    message: new RegExp(`argument 1 of ${name} is not`),
  })
}

test('an address on the pool that has not the role of its prototype is refused before C sees it', async () => {
  await rolesAreChecked('read', [0, scratchAddress, 1])
  await rolesAreChecked('read', [0, scratchAddress + 65535, 1])
  await rolesAreChecked('pread', [0, scratchAddress - 1, 1, 0])
  await rolesAreChecked('pread', [0, scratchAddress + 65536, 1, 0])
})

/** Arguments of the right types, with which a call fails when it checks the descriptor at `index`. */
function argumentsWithClosed(name: keyof Prototypes, index: number | undefined): unknown[] {
  const { path, dirfd, scratch } = rolesOf(name)
  const { prototype } = prototypes[name] as unknown as { readonly prototype: string }
  return prototype.split(', ').map((_, at) => {
    if (at === index) return CLOSED
    return path.includes(at)
      ? 'missing/file'
      : dirfd.includes(at)
        ? AT_FDCWD
        : scratch.includes(at)
          ? scratchAddress
          : 0
  })
}

/** Whether an abort of the call, while it is under way, rejects its promise before the call has ended. */
async function rejectsAtOnce(name: keyof Prototypes, args: unknown[]): Promise<boolean> {
  const controller = new AbortController()
  const call = { name, args, syscall: name, file: 'missing/file' } as unknown as Prepared
  let isSettled = false
  const promise = onPool(call, ANYTHING, controller.signal)
  const rejected = assert.rejects(promise, { message: 'not wanted any more' }).finally(() => (isSettled = true))
  controller.abort(new Error('not wanted any more'))
  // The end of a call on the pool is an event, which comes behind all microtasks.
  for (let ticks = 0; ticks < 100; ticks++) await undefined
  const wasSettled = isSettled
  await rejected
  return wasSettled
}

test('on the pool an abort waits for the end of a call that uses a descriptor', async () => {
  for (const [name, places] of Object.entries(DIRECTORIES) as [keyof Prototypes, readonly number[]][])
    for (const index of places)
      assert.equal(await rejectsAtOnce(name, argumentsWithClosed(name, index)), false, `${name}, argument ${index}`)
  assert.equal(await rejectsAtOnce('fsync', [CLOSED]), false)
  assert.equal(await rejectsAtOnce('fstatat', argumentsWithClosed('fstatat', undefined)), true)
})
