import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import os, { promises } from 'osier'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { openFiles } from '../../support/open_files.ts'
import { random } from '../../support/random.ts'
import { onlyNode } from '../../support/runtime.ts'

// A tree of which `walk` has seen enough, long before its end, to read it ahead of its caller.
const tree = `${temporaryFolder()}/tree`
const KEPT = ['inner/core', 'other']
const SKIPPED = 'skipped'
for (let i = 0; i < 100; i++) {
  for (const name of [...KEPT, `${SKIPPED}/deep`]) os.makedirs(`${tree}/d${i}/${name}`)
}
/** More steps than any of these walks needs. */
const MAX_STEPS = 150

const LIMITED = { command: ['/bin/sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'] }

/** The paths of directories that have been read. */
const started = new Set<string>()
const listen = (message: unknown): void => void started.add((message as { args: [string] }).args[0])
subscribe('os.scandir', listen)
after(() => void unsubscribe('os.scandir', listen))

/** Waits until a path has been read ahead. */
async function isRead(path: string): Promise<void> {
  for (let i = 0; i < 1000 && !started.has(path); i++) await sleep(5)
  assert.ok(started.has(path), path)
}

/** Changes `dirnames` as callers do: by a part of what they could do to them. */
function change(below: (most: number) => number, dirnames: unknown[]): void {
  const what = below(6)
  if (what === 0) dirnames.reverse()
  if (what === 1) dirnames.splice(below(dirnames.length + 1), 1)
  if (what === 2) dirnames.push('../d1/inner', 'no such directory')
  if (what === 3) dirnames.push(...dirnames.map((name) => Buffer.from(name as string)))
  if (what === 4) dirnames[0] = '../d2/other'
}

describe('reading ahead of a walk', () => {
  test('reads below directories not yet yielded, once the caller has kept all directories of a step', async () => {
    started.clear()
    let steps = 0
    for await (const [path, directories] of promises.walk(tree)) {
      steps += 1
      if (steps < MAX_STEPS || !directories.includes('inner')) continue
      for (const name of directories) await isRead(`${path}/${name}`)
      await isRead(`${path}/inner/core`)
      return
    }
    assert.fail('the tree is too small')
  })

  test('does so from the beginning in a bottom-up walk', async () => {
    started.clear()
    const steps = promises.walk(tree, { topdown: false })
    const [first, second] = os.listdir(tree)
    const { value } = await steps.next()
    assert.ok(value?.[0].startsWith(`${tree}/${first}/`))
    for (const name of [...KEPT, SKIPPED]) await isRead(`${tree}/${second}/${name}`)
    await steps.return()
  })

  test('reads no directories that the caller skips, if it has skipped some before', async () => {
    started.clear()
    for await (const [path, directories] of promises.walk(tree)) {
      await turn()
      await turn()
      const at = directories.indexOf(SKIPPED)
      if (at !== -1) directories.splice(at, 1)
      assert.ok(!path.includes(SKIPPED))
    }
    assert.deepEqual(
      [...started].filter((path) => path.includes(SKIPPED)),
      [],
    )
  })

  test('ends when the caller skips a directory for the first time', async () => {
    started.clear()
    const visited = new Set<string>()
    let hasLeftOut = false
    let before: Set<string> | undefined
    for await (const [path, directories] of promises.walk(tree)) {
      if (hasLeftOut) before ??= new Set(started)
      visited.add(path)
      await turn()
      const at = visited.size < MAX_STEPS ? -1 : directories.indexOf(SKIPPED)
      if (at === -1) continue
      directories.splice(at, 1)
      hasLeftOut = true
    }
    const inVain = [...started].filter((path) => !visited.has(path))
    // As many as the walk looks ahead.
    assert.ok(inVain.length <= 16, inVain.join())
    assert.deepEqual(
      inVain.filter((path) => before?.has(path) === false),
      [],
    )
    assert.ok(before !== undefined && before.size < started.size)
  })

  test('yields the steps of os.walk, whatever the caller does to dirnames, and when', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const from = seed % 2 === 0 ? 0 : MAX_STEPS + seed
      const reported: unknown[][] = [[], []]
      const walked: unknown[][] = [[], []]
      const takeStep = (index: number, below: (most: number) => number, step: os.WalkStep<string>): boolean => {
        const steps = walked[index] ?? []
        steps.push(structuredClone(step))
        // Names are added all the time, so that the walk would never end.
        const isLast = steps.length === 400
        if (steps.length > from && below(4) === 0) change(below, step[1])
        return isLast
      }
      const handler = (index: number) => (error: os.OSError) => {
        reported[index]?.push([walked[index]?.length, error.code, error.filename])
      }
      const belowSync = random(seed)
      for (const step of os.walk(tree, { onerror: handler(0) })) if (takeStep(0, belowSync, step)) break
      const below = random(seed)
      for await (const step of promises.walk(tree, { onerror: handler(1) })) if (takeStep(1, below, step)) break
      assert.deepEqual(walked[1], walked[0])
      assert.deepEqual(reported[1], reported[0])
    }
  })

  test('reports an error once, in order', async () => {
    // A path that is too long for the system.
    const name = 'n'.repeat(250)
    const top = `${tree}/d50/inner/core`
    let fd = os.open(top, os.O_RDONLY)
    for (let i = 0; i < 17; i++) {
      os.mkdir(name, { dir_fd: fd })
      const below = os.open(name, os.O_RDONLY, { dir_fd: fd })
      os.close(fd)
      fd = below
    }
    os.close(fd)
    for (const topdown of [true, false]) {
      const events: unknown[][] = [[], []]
      const onerror = (index: number) => (error: os.OSError) => void events[index]?.push([error.code, error.filename])
      for (const [path] of os.walk(tree, { topdown, onerror: onerror(0) })) events[0]?.push(path)
      for await (const [path] of promises.walk(tree, { topdown, onerror: onerror(1) })) events[1]?.push(path)
      assert.equal(events[0]?.filter(Array.isArray).length, 1)
      assert.deepEqual(events[1], events[0])
    }
    for (const [, directories, , fd] of os.fwalk(top, { topdown: false }))
      for (const directory of directories) os.rmdir(directory, { dir_fd: fd })
  })

  const ownNeeds = onlyNode('it needs descriptors itself')
  test('reads a directory again that could not be opened ahead for lack of descriptors', { skip: ownNeeds }, () => {
    const outcome = askNode<unknown>(
      `
      import { subscribe } from 'node:diagnostics_channel'
      const outcome = []
      const fds = []
      let read = 0
      // The top has been read by then.
      subscribe('os.scandir', () => {
        if (++read !== 2) return
        try {
          for (;;) fds.push(os.dup(0))
        } catch {}
      })
      for (const topdown of [true, false]) {
        const errors = []
        let steps = 0
        const onerror = (error) => {
          if (errors.push(error.code) === 1) for (const fd of fds.splice(0)) os.close(fd)
        }
        for await (const _ of os.promises.walk(${JSON.stringify(tree)}, { topdown, onerror })) steps += 1
        outcome.push([steps, ...errors])
        read = 0
      }
      console.log(JSON.stringify(outcome))`,
      LIMITED,
    )
    // The first directory in the tree was not read before its turn: all that is in it is missing.
    assert.deepEqual(outcome, Array(2).fill([595, 'EMFILE']))
  })

  const noYoung = onlyNode('it cannot be asked to collect the young alone')
  test('leaves no objects that only a major garbage collection frees', { skip: noYoung }, () => {
    const program = `
      let steps = 0
      const walk = async () => {
        for await (const _ of os.promises.walk(${JSON.stringify(tree)})) if (++steps % 50 === 0) gc({ type: 'minor' })
      }
      await walk()
      await walk()
      gc()
      const before = process.memoryUsage().heapUsed
      steps = 0
      for (let i = 0; i < 5; i++) await walk()
      console.log((process.memoryUsage().heapUsed - before) / steps)`
    const bytes = askNode<number>(program, { nodeOptions: ['--expose-gc'] })
    // Seen: 160, of promises that were under way during a collection. With a Map of what is under way it was 700.
    assert.ok(bytes < 400, `${bytes} bytes a directory`)
  })

  test('ends with the walk, and leaves no descriptor open', async () => {
    const before = openFiles()
    for (const topdown of [true, false]) {
      for (let stop = MAX_STEPS; stop < MAX_STEPS + 12; stop++) {
        const controller = new AbortController()
        let steps = 0
        const walking = (async () => {
          for await (const _ of promises.walk(tree, { topdown, signal: controller.signal }))
            if (++steps === stop) controller.abort()
        })()
        await assert.rejects(walking, { name: 'AbortError' })
        steps = 0
        for await (const _ of promises.walk(tree, { topdown })) if (++steps === stop) break
        // Leaving a walk waits for running reads, and starts no others.
        const seen = started.size
        await turn()
        assert.equal(started.size, seen)
        started.clear()
      }
    }
    for (let i = 0; i < 200 && openFiles().size > before.size; i++) await sleep(5)
    assert.deepEqual(openFiles(), before)
  })
})
