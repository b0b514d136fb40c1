import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import os from 'osier'
import { constants } from '../../../src/libc/facts.ts'
import { libc } from '../../../src/libc/functions.ts'
import { scratch, scratchAddress } from '../../../src/libc/memory.ts'
import { openCount } from '../open_files.ts'
import { assertSucceeds, calculate, ended, inChild, makeGarbage, type Situation, SUCCESS, start } from './child.ts'

const threadCount = (): number => readdirSync('/proc/self/task').length
const childrenOf = (): string => readFileSync('/proc/thread-self/children', 'latin1')
/** The memory that is only this process's, in kilobytes. */
const ownMemory = (): number =>
  Number(/^Private_Dirty: *(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1])

/** Sets the limit of this process's addresses, in bytes. */
function limitAddresses(count: bigint): void {
  libc.prlimit(0, constants.RLIMIT_AS, 0, scratchAddress)
  scratch.writeBigUInt64LE(count, 0)
  assert.equal(libc.prlimit(0, constants.RLIMIT_AS, scratchAddress, 0), 0)
}

const NO_LIMIT = 2n ** 64n - 1n

/** In bytes. */
const addressesInUse = (): bigint =>
  BigInt(/^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024n

function workAtRandom(): void {
  const random = Math.random()
  if (random < 0.1) makeGarbage(20_000)
  else if (random < 0.2) calculate(100)
  else if (random < 0.25) runInNewContext('Array.from({ length: 1000 }, String).join()')
  else if (random < 0.3) for (let i = 0; i < 20; i++) new Function('a', `return a * ${i} + ${Math.random()}`)(i)
}

/** Forks under difficult conditions: often, with much memory, with little, and at unusual points of a program. */
export const stress: Readonly<Record<string, Situation>> = {
  '1 000 in a row, with random work on both sides': async () => {
    const children = childrenOf()
    for (let i = 0; i < 5; i++) await assertSucceeds(start(makeGarbage))
    const [fds, threads] = [openCount(), threadCount()]
    for (let i = 0; i < 1000; i++) {
      workAtRandom()
      const pid = os.fork()
      if (pid === 0) {
        workAtRandom()
        os._exit(SUCCESS)
      }
      workAtRandom()
      // Some are waited for as they end, the others at once: a hang would be seen there.
      const [, status] = i % 50 === 0 ? [0, (await ended(pid)) << 8] : os.waitpid(pid, 0)
      assert.equal(os.waitstatus_to_exitcode(status), SUCCESS)
    }
    assert.equal(openCount(), fds)
    assert.equal(threadCount(), threads)
    assert.equal(childrenOf(), children)
  },
  'a large heap, which both sides change': async () => {
    const live = Array.from({ length: 1_000_000 }, (_, i) => ({ i, text: `text ${i}` }))
    const change = (by: number): void => {
      for (const [i, item] of live.entries()) item.i = i + by
      makeGarbage()
    }
    const pids = [1, 2].map((by) => {
      const pid = start(() => {
        change(by)
        assert.equal(live[999_999]?.i, 999_999 + by)
      })
      return pid
    })
    for (const pid of pids) if (pid === 0) return assertSucceeds(pid)
    change(3)
    for (const pid of pids) await assertSucceeds(pid)
    assert.equal(live[999_999]?.i, 1_000_002)
  },
  'without addresses to spare: it works, or is refused and leaves nothing over': async () => {
    await assertSucceeds(start(makeGarbage))
    const outcomes: string[] = []
    const [fds, threads] = [openCount(), threadCount()]
    // V8 needs some memory itself: without it, V8 aborts the process at the next collection.
    for (let mebibytes = 32n; mebibytes <= 160n; mebibytes += 8n) {
      limitAddresses(addressesInUse() + (mebibytes << 20n))
      try {
        const pid = os.fork()
        limitAddresses(NO_LIMIT)
        if (pid === 0) os._exit(SUCCESS)
        const [, status] = os.waitpid(pid, 0)
        assert.equal(os.waitstatus_to_exitcode(status), SUCCESS)
        outcomes.push('forked')
      } catch (error) {
        limitAddresses(NO_LIMIT)
        assert.ok(error instanceof os.OSError, String(error))
        outcomes.push(error.code)
      }
      assert.equal(openCount(), fds)
      assert.equal(threadCount(), threads)
      assert.throws(() => os.waitpid(-1, os.WNOHANG), { code: 'ECHILD' })
    }
    for (const outcome of outcomes) assert.match(outcome, /^(forked|EAGAIN|ENOMEM)$/)
    assert.equal(outcomes.at(-1), 'forked')
  },
  'afterwards the heap is left out of forks again': async () => {
    const live = Array.from({ length: 200_000 }, (_, i) => ({ i }))
    /** How much of the heap a child of `child_process` would have to copy. */
    const marked = (): number => {
      const parts = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-)/m)
      const size = (part: string): number => Number(/^Size: *(\d+)/m.exec(part)?.[1])
      return parts.filter((part) => / dc( |$)/m.test(part)).reduce((sum, part) => sum + size(part), 0)
    }
    await assertSucceeds(start(makeGarbage))
    const before = marked()
    for (let i = 0; i < 20; i++) os.waitpid(os.fork() || os._exit(SUCCESS), 0)
    const after = marked()
    assert.ok(before > 10_000, `${before} kB`)
    assert.ok(after > before * 0.9, `${after} kB of ${before} kB`)
    assert.equal(live.length, 200_000)
  },
  'what others have mapped is never left out of forks, near or far, before or between': () => {
    const size = 1 << 20
    const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } = constants
    const map = (near: number): number =>
      Number(libc.mmap(near, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    const isMarked = (start: number): boolean => {
      const parts = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-)/m)
      const flags = (part: string): string => /^VmFlags:.*$/m.exec(part)?.[0] ?? ''
      const holds = (part: string): boolean => {
        const [from = 0, to = 0] = (/^\S+/.exec(part)?.[0] ?? '').split('-').map((end) => Number.parseInt(end, 16))
        return from <= start && start < to
      }
      return / dc( |$)/.test(flags(parts.find(holds) ?? ''))
    }
    // Where V8 may put its heap as well, and where the kernel puts what may lie anywhere.
    const places = [0x1234_5678_0000, 0]
    const maps = places.map(map)
    for (let round = 0; round < 4; round++) {
      if (round === 2) maps.push(...places.map((place) => map(place && place + 4 * size)))
      assert.equal(os.waitstatus_to_exitcode(os.waitpid(os.fork() || os._exit(SUCCESS), 0)[1]), SUCCESS)
      assert.deepEqual(maps.filter(isMarked), [])
    }
    for (const start of maps) libc.munmap(start, size)
  },
  'the parent does not grow': async () => {
    const round = (): void => {
      for (let i = 0; i < 30; i++) os.waitpid(os.fork() || os._exit(SUCCESS), 0)
    }
    for (let i = 0; i < 3; i++) round()
    const before = ownMemory()
    for (let i = 0; i < 3; i++) round()
    const growth = ownMemory() - before
    assert.ok(growth < 10_000, `${growth} kB`)
  },
  'fork in a finalizer': async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const pids: number[] = []
    const registry = new FinalizationRegistry<number>(() => {
      if (pids.length > 0) return
      const pid = os.fork()
      if (pid === 0) {
        makeGarbage()
        os._exit(SUCCESS)
      }
      pids.push(pid)
    })
    for (let i = 0; i < 100; i++) registry.register({ i }, i)
    for (let round = 0; round < 1000 && pids.length === 0; round++) {
      collect()
      await sleep(2)
    }
    await assertSucceeds(pids[0] ?? -1)
  },
  'the first fork is that of a child of a child': async () => {
    const level = async (depth: number): Promise<void> => {
      const pid = start(async () => {
        if (depth > 0) await level(depth - 1)
        makeGarbage(100_000)
        calculate(500)
      })
      if (pid === 0) return assertSucceeds(pid)
      await assertSucceeds(pid)
    }
    await level(5)
  },
  'from child to child there are not more descriptors': async () => {
    const level = async (depth: number, expected: number | null): Promise<void> => {
      const pid = start(async () => {
        const fds = openCount()
        if (expected !== null) assert.equal(fds, expected)
        // The loop still has its own.
        await sleep(1)
        assert.ok((await readFile('/proc/self/stat')).length > 0)
        if (depth > 0) await level(depth - 1, fds)
      })
      if (pid === 0) return assertSucceeds(pid)
      await assertSucceeds(pid)
    }
    await level(3, null)
  },
  'an orphan forks': () => {
    const [readEnd, writeEnd] = os.pipe()
    const pid = os.fork()
    if (pid === 0) {
      const parent = process.pid
      if (os.fork() !== 0) os._exit(SUCCESS)
      while (os.getppid() === parent) os.sched_yield()
      const child = os.fork()
      if (child === 0) os._exit(SUCCESS)
      os.write(writeEnd, Buffer.from(String(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))))
      os._exit(0)
    }
    os.close(writeEnd)
    os.waitpid(pid, 0)
    assert.equal(os.read(readEnd, 10).toString(), String(SUCCESS))
    os.close(readEnd)
  },
  'with each signal blocked or free as before': inChild(() => {
    const blocked = (): string | undefined => /^SigBlk:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0]
    const before = blocked()
    const pid = os.fork()
    if (pid === 0) os._exit(blocked() === before ? SUCCESS : 1)
    assert.equal(blocked(), before)
    const [, status] = os.waitpid(pid, 0)
    assert.equal(os.waitstatus_to_exitcode(status), SUCCESS)
  }),
}
