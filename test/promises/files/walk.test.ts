import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import os, { promises } from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { openFiles } from '../../support/open_files.ts'

const folder = temporaryFolder()
const tree = join(folder, 'tree')
for (let i = 0; i < 12; i++) {
  for (let j = 0; j < 4; j++) mkdirSync(join(tree, `d${i}`, `e${j}`, 'deep', 'deeper'), { recursive: true })
  for (let j = 0; j < 5; j++) writeFileSync(join(tree, `d${i}`, `file${j}`), '')
}
symlinkSync('d1', join(tree, 'link'))
symlinkSync('nowhere', join(tree, 'd2', 'dangling'))
symlinkSync('file0', join(tree, 'd2', 'to file'))
writeFileSync(Buffer.from(`${tree}/d3/caf\xe9`, 'latin1'), '')

/** The steps of a walk, as far as they can be compared. */
async function collect(steps: AsyncIterable<readonly unknown[]>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const step of steps) all.push(structuredClone(step.slice(0, 3)))
  return all
}

function collectSync(steps: Iterable<readonly unknown[]>): unknown[] {
  return Array.from(steps, (step) => structuredClone(step.slice(0, 3)))
}

describe('walk and fwalk', () => {
  const options = [{}, { topdown: false }]

  test('yield the steps of os.walk and os.fwalk in their order', async () => {
    for (const option of options) {
      assert.deepEqual(await collect(promises.walk(tree, option)), collectSync(os.walk(tree, option)))
      assert.deepEqual(await collect(promises.fwalk(tree, option)), collectSync(os.fwalk(tree, option)))
      const [bytes, followlinks] = [Buffer.from(tree), true]
      assert.deepEqual(await collect(promises.walk(bytes, option)), collectSync(os.walk(bytes, option)))
      assert.deepEqual(await collect(promises.fwalk(bytes, option)), collectSync(os.fwalk(bytes, option)))
      const following = { ...option, followlinks }
      assert.deepEqual(await collect(promises.walk(tree, following)), collectSync(os.walk(tree, following)))
      const followingOpen = { ...option, follow_symlinks: true }
      assert.deepEqual(await collect(promises.fwalk(tree, followingOpen)), collectSync(os.fwalk(tree, followingOpen)))
    }
  })

  test('start at dir_fd, and at the current directory', async () => {
    const dir_fd = os.open(folder, os.O_RDONLY)
    const steps = await collect(promises.fwalk('tree', { dir_fd }))
    assert.deepEqual(steps, collectSync(os.fwalk('tree', { dir_fd })))
    os.close(dir_fd)
    const before = process.cwd()
    process.chdir(tree)
    assert.deepEqual(await collect(promises.fwalk()), collectSync(os.fwalk()))
    process.chdir(before)
  })

  test('enter the directories in dirnames, and read none that the caller removes', async () => {
    const prune = (step: [string, string[], ...unknown[]]): void => {
      step[1].sort().reverse()
      if (step[0].endsWith('tree')) step[1].splice(2)
      if (step[0].endsWith('d8')) step[1].push('no such directory', '../d1')
    }
    const walked: unknown[] = []
    for await (const step of promises.walk(tree)) {
      prune(step)
      walked.push(structuredClone(step))
      await turn()
    }
    const expected: unknown[] = []
    for (const step of os.walk(tree)) {
      prune(step)
      expected.push(structuredClone(step))
    }
    assert.deepEqual(walked, expected)
    const opened: unknown[] = []
    for await (const step of promises.fwalk(tree)) {
      prune(step)
      assert.equal(os.fstat(step[3]).st_ino, os.stat(step[0]).st_ino)
      opened.push(structuredClone(step.slice(0, 3)))
    }
    assert.deepEqual(opened, expected)
  })

  test('do not follow a link that has taken the place of a directory, and do enter another directory', async () => {
    const changing = join(folder, 'changing')
    const secret = join(folder, 'secret')
    const prepare = (): void => {
      rmSync(changing, { recursive: true, force: true })
      for (const name of ['replaced', 'linked', 'same', 'dangling'])
        mkdirSync(join(changing, name), { recursive: true })
    }
    mkdirSync(join(secret, 'inner'), { recursive: true })
    const change = (path: string): void => {
      if (path !== changing) return
      for (const name of ['replaced', 'linked', 'dangling'])
        renameSync(join(changing, name), join(changing, `${name}.old`))
      mkdirSync(join(changing, 'replaced', 'new'), { recursive: true })
      symlinkSync(secret, join(changing, 'linked'))
      symlinkSync('nowhere', join(changing, 'dangling'))
    }
    const errors: unknown[] = []
    const onerror = (error: os.OSError): void => {
      errors.push(error.code)
    }
    for (const open of [false, true]) {
      prepare()
      const seen: string[] = []
      for await (const [path] of open ? promises.fwalk(changing, { onerror }) : promises.walk(changing, { onerror })) {
        seen.push(path)
        change(path)
      }
      const below = ['', '/replaced', '/replaced/new', '/same'].map((name) => `${changing}${name}`)
      assert.deepEqual(seen.sort(), below)
    }
    assert.deepEqual(errors, [])
    rmSync(changing, { recursive: true })
    rmSync(secret, { recursive: true })
  })

  test('process a directory of many entries, links among them, in several turns, and close it when aborted', async () => {
    const many = join(folder, 'many')
    mkdirSync(many)
    for (let i = 0; i < 600; i++) mkdirSync(join(many, `${'directory'.repeat(20)}${i}`))
    for (let i = 0; i < 600; i++)
      symlinkSync(i % 3 === 0 ? '.' : i % 3 === 1 ? 'nowhere' : '../tree/d1/file1', join(many, `link${i}`))
    assert.deepEqual(await collect(promises.walk(many)), collectSync(os.walk(many)))
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const first = promises.walk(many, { signal: controller.signal }).next()
      const aborting = (async () => {
        for (let i = 0; i < turns; i++) await turn()
        controller.abort()
      })()
      const [result] = await Promise.allSettled([first, aborting])
      if (result.status === 'rejected') assert.equal(result.reason, controller.signal.reason)
    }
    rmSync(many, { recursive: true })
  })

  test('read ahead at any depth, also after the last directories were read first', async () => {
    const started = new Set<unknown>()
    const listen = (message: unknown): void => void started.add((message as { args: unknown[] }).args[0])
    subscribe('os.scandir', listen)
    const steps = promises.walk(tree)
    await steps.next()
    const { value } = await steps.next()
    assert.ok(value !== undefined && value[1].length === 4)
    await steps.next()
    unsubscribe('os.scandir', listen)
    for (const name of value[1]) assert.ok(started.has(join(value[0], name)), name)
    await steps.return()
  })

  test('call onerror as os.walk does, in order', async () => {
    const broken = join(folder, 'broken')
    mkdirSync(join(broken, 'a'), { recursive: true })
    mkdirSync(join(broken, 'b'))
    for (const name of ['walk', 'fwalk'] as const) {
      const reported: unknown[][] = [[], []]
      const handler = (index: number) => (error: os.OSError) => {
        reported[index]?.push([error.code, error.filename, error.syscall])
      }
      const steps = name === 'walk' ? os.walk(broken, true, handler(0)) : os.fwalk(broken, true, handler(0))
      for (const [path, directories] of steps) if (path === broken) (directories as string[]).push('missing', 'gone')
      const twins = name === 'walk' ? promises.walk(broken, true, handler(1)) : promises.fwalk(broken, true, handler(1))
      for await (const [path, directories] of twins)
        if (path === broken) (directories as string[]).push('missing', 'gone')
      assert.equal(reported[0]?.length, 2)
      assert.deepEqual(reported[1], reported[0])
    }
    await assert.rejects(
      collect(
        promises.walk(join(folder, 'nothing'), true, (error) => {
          throw error
        }),
      ),
      { code: 'ENOENT' },
    )
    assert.deepEqual(await collect(promises.walk(join(folder, 'nothing'))), [])
    await assert.rejects(promises.fwalk(join(folder, 'nothing')).next(), { code: 'ENOENT' })
    assert.deepEqual(await collect(promises.fwalk(join(tree, 'd1', 'file1'))), [])
    rmSync(broken, { recursive: true })
  })

  test('leave no descriptor open, however they end', async () => {
    const before = openFiles()
    for (const topdown of [true, false]) {
      for (let stop = 0; stop < 12; stop++) {
        let count = 0
        for await (const _ of promises.walk(tree, { topdown })) if (count++ === stop) break
        count = 0
        for await (const _ of promises.fwalk(tree, { topdown })) if (count++ === stop) break
        count = 0
        const failing = (async () => {
          for await (const _ of promises.fwalk(tree, { topdown })) if (count++ === stop) throw new Error('enough')
        })()
        await assert.rejects(failing, /^Error: enough$/)
        assert.deepEqual(openFiles(), before)
      }
    }
  })

  test('leave no descriptor open when aborted after any step', async () => {
    const before = openFiles()
    const most = collectSync(os.walk(tree)).length
    for (const open of [true, false]) {
      for (const topdown of [true, false]) {
        // Up to the last but one: there is nothing left to read then, but there are directories to be closed.
        for (let stop = 1; stop < most; stop += stop < most - 10 ? 1 + (stop % 7) : 1) {
          const controller = new AbortController()
          const options = { topdown, signal: controller.signal }
          let count = 0
          const walking = (async () => {
            for await (const _ of open ? promises.fwalk(tree, options) : promises.walk(tree, options))
              if (++count === stop) controller.abort()
          })()
          await assert.rejects(walking, { name: 'AbortError' })
        }
      }
    }
    for (let i = 0; i < 200 && openFiles().size > before.size; i++) await sleep(5)
    assert.deepEqual(openFiles(), before)
  })

  test('can be disposed of', async () => {
    const before = openFiles()
    {
      await using steps = promises.fwalk(tree)
      assert.equal((await steps.next()).done, false)
    }
    assert.deepEqual(openFiles(), before)
  })

  test('invalid arguments reject the first step', async () => {
    await assert.rejects(promises.walk(1 as unknown as string).next(), { code: 'ERR_INVALID_ARG_TYPE' })
    await assert.rejects(promises.walk('a\0b').next(), { code: 'ERR_INVALID_ARG_VALUE' })
    await assert.rejects(promises.fwalk('.', { topdown: 1 as unknown as boolean }).next(), TypeError)
  })
})

describe('scandir', () => {
  test('yields the entries of os.scandir', async () => {
    for (const path of [tree, Buffer.from(tree), join(tree, 'd3'), os.open(tree, os.O_RDONLY)]) {
      const expected = Array.from(os.scandir(path) as Iterable<os.DirEntry<string | Buffer>>, described)
      const found: unknown[] = []
      for await (const entry of promises.scandir(path) as AsyncIterable<os.DirEntry<string | Buffer>>)
        found.push(described(entry))
      assert.deepEqual(found, expected)
      if (typeof path === 'number') os.close(path)
    }
  })

  test('many steps may be requested at once', async () => {
    const entries = promises.scandir(tree)
    const steps = await Promise.all(Array.from({ length: 20 }, () => entries.next()))
    const names = steps.flatMap(({ value }) => (value === undefined ? [] : [value.name]))
    assert.deepEqual(names.sort(), os.listdir(tree).sort())
    assert.equal(steps.filter(({ done }) => done).length, 20 - names.length)
  })

  test('opens its directory at the first step, and closes it however it ends', async () => {
    const before = openFiles()
    const unused = promises.scandir(tree)
    assert.deepEqual(openFiles(), before)
    await unused.close()
    assert.equal((await unused.next()).done, true)
    for await (const _ of promises.scandir(tree)) break
    {
      await using entries = promises.scandir(tree)
      assert.equal((await entries.next()).done, false)
    }
    const closing = promises.scandir(tree)
    const first = closing.next()
    await Promise.all([closing.close(), closing.close()])
    assert.equal((await first).done, false)
    await assert.rejects(promises.scandir(join(tree, 'missing')).next(), os.FileNotFoundError)
    await assert.rejects(promises.scandir(join(tree, 'd1', 'file1')).next(), os.NotADirectoryError)
    await assert.rejects(promises.scandir(true as unknown as string).next(), TypeError)
    assert.deepEqual(openFiles(), before)
  })

  test('a directory of more entries than one call reads is listed completely', async () => {
    const big = join(folder, 'big')
    mkdirSync(big)
    for (let i = 0; i < 3000; i++) writeFileSync(join(big, `entry number ${i}`), '')
    const names = new Set<string>()
    for await (const { name } of promises.scandir(big)) names.add(name)
    assert.equal(names.size, 3000)
    assert.deepEqual((await promises.listdir(big)).sort(), [...names].sort())
    rmSync(big, { recursive: true })
  })

  test('ends when the directory is removed', async () => {
    const gone = join(folder, 'gone')
    mkdirSync(gone)
    const fd = os.open(gone, os.O_RDONLY)
    os.rmdir(gone)
    assert.deepEqual(await promises.listdir(fd), [])
    os.close(fd)
  })
})

function described(entry: os.DirEntry<string | Buffer>): unknown {
  const { name, path } = entry
  return { name, path, is: [entry.is_dir(), entry.is_file(), entry.is_symlink()], inode: entry.inode() }
}
