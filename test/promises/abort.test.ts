/** Aborting each function that waits, at each stage: nothing is done then, and nothing that was there is lost. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import os, { promises } from 'osier'
import { childOnStdin, children } from '../support/children.ts'
import { temporaryFolder } from '../support/folder.ts'
import { holder } from '../support/lock_holder.ts'
import { openFiles } from '../support/open_files.ts'
import { waiting } from '../support/signatures.ts'
import { closeQuietly, isPending } from '../support/waits.ts'

const folder = temporaryFolder()
const reason = new Error('enough')

/** A call that has to wait. */
interface Situation {
  begin(options: { readonly signal: AbortSignal }): Promise<unknown>
  /** Makes it ready. */
  release(): unknown
  /** The result then. */
  readonly result: unknown
  readonly fds: readonly number[]
  /** Resolves when it waits: before that, a thread of the pool may be trying, and find it ready. */
  waits?(): Promise<void>
}

type Begin<T> = (options: { readonly signal: AbortSignal }) => T

/** A pipe that is read, into which something is written. */
function reading(begin: (r: number) => Begin<Promise<unknown>>, result: unknown = 1): Situation {
  const [r, w] = os.pipe()
  return { begin: begin(r), release: () => os.write(w, Buffer.from('x')), result, fds: [r, w] }
}

/** A full pipe that is written, from which everything is read. */
function writing(begin: (w: number) => Begin<Promise<unknown>>): Situation {
  const [r, w] = os.pipe()
  const size = os.fpathconf(w, 'PC_PIPE_BUF') * 16
  os.write(w, Buffer.alloc(size))
  return { begin: begin(w), release: () => os.read(r, size), result: 1, fds: [r, w] }
}

/** A pipe with data that is copied to a full one. */
function moving(begin: (r: number, w: number) => Begin<Promise<unknown>>): Situation {
  const [r, w] = os.pipe()
  os.write(w, Buffer.from('x'))
  const situation = writing((full) => begin(r, full))
  return { ...situation, fds: [...situation.fds, r, w] }
}

function childs(begin: (pid: number) => Begin<Promise<readonly unknown[]>>): Situation {
  const { pid, release } = childOnStdin(3)
  const how = begin(pid)
  return { begin: async (options) => (await how(options)).slice(0, 2), release, result: [pid, 3 << 8], fds: [] }
}

/** Resolves when an epoll instance of this process watches a descriptor. */
async function watched(fd: number): Promise<void> {
  const line = new RegExp(`^tfd:\\s+${fd}\\b`, 'm')
  while (!readdirSync('/proc/self/fdinfo').some((name) => line.test(information(name)))) await sleep(1)
}

function information(fd: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
  } catch {
    // The descriptor that listed them.
    return ''
  }
}

const byte = (): Buffer => Buffer.from('y')

/** By the name of the function. */
const situations: Readonly<Record<string, () => Situation | Promise<Situation>>> = {
  eventfd_read() {
    const fd = os.eventfd(0)
    return { begin: (o) => promises.eventfd_read(fd, o), release: () => os.eventfd_write(fd, 5), result: 5n, fds: [fd] }
  },
  eventfd_write() {
    const fd = os.eventfd(0)
    os.eventfd_write(fd, 2n ** 64n - 2n)
    const release = (): unknown => os.eventfd_read(fd)
    return { begin: (o) => promises.eventfd_write(fd, 5, o), release, result: undefined, fds: [fd] }
  },
  async lockf() {
    const path = join(folder, 'locked')
    const fd = os.open(path, os.O_RDWR | os.O_CREAT)
    const release = await holder(path, 0, 0)
    return { begin: (o) => promises.lockf(fd, os.F_LOCK, 0, o), release, result: undefined, fds: [fd] }
  },
  read: () => reading((r) => (o) => promises.read(r, 10, o), Buffer.from('x')),
  readinto: () => reading((r) => (o) => promises.readinto(r, Buffer.alloc(10), o)),
  readv: () => reading((r) => (o) => promises.readv(r, [Buffer.alloc(1), Buffer.alloc(10)], o)),
  sendfile() {
    const path = join(folder, 'source')
    writeFileSync(path, 'x')
    const fd = os.open(path, os.O_RDONLY)
    const situation = writing((w) => (o) => promises.sendfile(w, fd, 0, 10, o))
    return { ...situation, fds: [...situation.fds, fd], waits: () => watched(situation.fds[1] as number) }
  },
  splice: () => moving((r, w) => (o) => promises.splice(r, w, 10, o)),
  tee: () => moving((r, w) => (o) => promises.tee(r, w, 10, o)),
  vmsplice: () => writing((w) => (o) => promises.vmsplice(w, [byte()], o)),
  wait: () => childs(() => (o) => promises.wait(o)),
  wait3: () => childs(() => (o) => promises.wait3(0, o)),
  wait4: () => childs((pid) => (o) => promises.wait4(pid, 0, o)),
  waitid: () =>
    childs((pid) => async (o) => {
      const found = await promises.waitid(os.P_PID, pid, os.WEXITED, o)
      return [found?.si_pid, (found?.si_status ?? 0) << 8]
    }),
  waitpid: () => childs((pid) => (o) => promises.waitpid(pid, 0, o)),
  write: () => writing((w) => (o) => promises.write(w, byte(), o)),
  writev: () => writing((w) => (o) => promises.writev(w, [byte()], o)),
}

/** Functions that start programs: test/promises/processes.test.ts and popen.test.ts abort them. */
const startPrograms = 'popen spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe system'.split(' ')

type Stage = (release: () => void, call: Promise<unknown>, situation: Situation) => Promise<void> | void

/** What happens between the call and the abort. */
const stages: Readonly<Record<string, Stage>> = {
  'at once': () => undefined,
  'while it waits': async (_, call) => assert.ok(await isPending(call)),
  'when it is ready, before the event loop says so': async (release, call, situation) => {
    assert.ok(await isPending(call))
    await situation.waits?.()
    release()
  },
}

describe('an aborted call has had no effect', () => {
  for (const [name, prepare] of Object.entries(situations)) {
    test(name, { timeout: 60_000 }, async () => {
      const before = openFiles()
      for (const [stage, meanwhile] of Object.entries(stages)) {
        const situation = await prepare()
        const released: unknown[] = []
        const release = (): void => {
          released.push(situation.release())
        }
        await assert.rejects(situation.begin({ signal: AbortSignal.abort(reason) }), reason)
        const controller = new AbortController()
        const call = situation.begin({ signal: controller.signal })
        call.catch(() => undefined)
        await meanwhile(release, call, situation)
        controller.abort(reason)
        await assert.rejects(call, reason, stage)
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
        // The same call gets all that the first one would have had, and a signal means nothing once it has.
        const late = new AbortController()
        const second = situation.begin({ signal: late.signal })
        if (released.length === 0) release()
        assert.deepEqual(await second, situation.result, stage)
        assert.equal(getEventListeners(late.signal, 'abort').length, 0)
        late.abort(reason)
        await Promise.all(released)
        for (const fd of situation.fds) closeQuietly(fd)
      }
      assert.deepEqual(openFiles(), before)
      assert.deepEqual(children(), [])
    })
  }
})

/** Where every function that waits is listed. */
const TABLE = 'situations (or startPrograms) in test/promises/abort.test.ts'

test('the test covers every function that waits', () => {
  const aborted = [...Object.keys(situations), ...startPrograms]
  assert.deepEqual(
    [...waiting].filter((name) => !aborted.includes(name)).map((name) => `${name}: add a situation of it to ${TABLE}`),
    [],
  )
  assert.deepEqual(
    aborted.filter((name) => !waiting.has(name)).map((name) => `${name}: take it out of ${TABLE}, it takes no ref`),
    [],
  )
})
