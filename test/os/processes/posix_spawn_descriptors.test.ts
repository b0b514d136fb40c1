import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { runNode } from '../../support/child.ts'
import { children, exitCode, outputOf } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { isOpen } from '../../support/open_files.ts'
import { onlyNode } from '../../support/runtime.ts'

const folder = temporaryFolder()

/** What a shell prints that is started with these options. */
function shellOutput(script: string, options: os.PosixSpawnOptions = {}, env: os.Environment | null = null): string {
  return outputOf((fd) =>
    os.posix_spawn('/bin/sh', ['sh', '-c', script], env, {
      ...options,
      file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1], ...(options.file_actions ?? [])],
    }),
  )
}

/** The descriptors that a child has which is started with these options. */
function descriptorsOfChild(options: os.PosixSpawnOptions = {}): number[] {
  const listing = outputOf((fd) =>
    os.posix_spawn('/bin/ls', ['ls', '-l', '/proc/self/fd'], null, {
      ...options,
      file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1], ...(options.file_actions ?? [])],
    }),
  )
  const found = [...listing.matchAll(/ (\d+) -> (.*)$/gm)]
  // One is that of the listing itself.
  const others = found.filter(([, , target = '']) => !/^\/proc\/\d+\/fd$/.test(target))
  return others.map(([, fd]) => Number(fd)).sort((a, b) => a - b)
}

describe('file actions', () => {
  test('open, copy and close, in order', () => {
    const [out, input] = [join(folder, 'out'), join(folder, 'in')]
    writeFileSync(input, 'from a file\n')
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'cat; cat <&7 >&5; echo error >&2'], null, {
      file_actions: [
        [os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640],
        [os.POSIX_SPAWN_OPEN, 0, Buffer.from(input), os.O_RDONLY, 0],
        [os.POSIX_SPAWN_OPEN, 7, new URL(`file://${input}`), os.O_RDONLY, 0],
        [os.POSIX_SPAWN_DUP2, 1, 5],
        [os.POSIX_SPAWN_DUP2, 1, 2],
        [os.POSIX_SPAWN_CLOSE, 1],
        [os.POSIX_SPAWN_DUP2, 5, 1],
      ],
    })
    assert.equal(exitCode(pid), 0)
    assert.equal(readFileSync(out, 'latin1'), 'from a file\nfrom a file\nerror\n')
    assert.equal(os.stat(out).st_mode & 0o777, 0o640 & ~currentUmask())
  })

  test('are accepted from any iterable, with descriptors of any kind', () => {
    const [r, w] = os.pipe()
    const actions = function* (): Generator<os.FileAction> {
      yield [os.POSIX_SPAWN_DUP2, { fd: w }, { fileno: () => 1 }]
      yield [os.POSIX_SPAWN_CLOSE, { fd: w }]
    }
    const pid = os.posix_spawn('/bin/echo', ['echo', 'heard'], null, { file_actions: actions() })
    os.close(w)
    assert.equal(os.read(r, 100).toString(), 'heard\n')
    os.close(r)
    assert.equal(exitCode(pid), 0)
  })

  test('a child has the descriptors 3 to 9 that were chosen for it, and no others', () => {
    const fds = [3, 4, 5, 6, 7, 8, 9].map((number) => {
      const fd = os.memfd_create('chosen')
      os.write(fd, Buffer.from(String(number)))
      return fd
    })
    const copies = fds.map((fd, index): os.FileAction => [os.POSIX_SPAWN_DUP2, fd, 103 + index])
    const places = fds.map((_, index): os.FileAction => [os.POSIX_SPAWN_DUP2, 103 + index, 3 + index])
    const script = 'for fd in 3 4 5 6 7 8 9; do cat /proc/self/fd/$fd; done'
    // By way of high numbers, so that none is overwritten before it has been copied.
    const file_actions: os.FileAction[] = [...copies, ...places, [os.POSIX_SPAWN_CLOSEFROM, 10]]
    assert.equal(shellOutput(script, { file_actions }), '3456789')
    assert.deepEqual(descriptorsOfChild({ file_actions }), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const fd of fds) os.close(fd)
  })

  test('invalid ones leave no child', () => {
    const before = children()
    for (const action of [
      [os.POSIX_SPAWN_DUP2, 777, 1],
      [os.POSIX_SPAWN_DUP2, -1, 1],
      [os.POSIX_SPAWN_CLOSE, -1],
      [os.POSIX_SPAWN_OPEN, -1, '/dev/null', os.O_RDONLY, 0],
    ] satisfies os.FileAction[]) {
      assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { file_actions: [action] }), { code: 'EBADF' })
    }
    const missing: os.FileAction = [os.POSIX_SPAWN_OPEN, 1, '/missing/file', os.O_RDONLY, 0]
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { file_actions: [missing] }), os.FileNotFoundError)
    assert.deepEqual(children(), before)
  })
})

function currentUmask(): number {
  const mask = os.umask(0)
  os.umask(mask)
  return mask
}

/** What Node does to the standard streams others may not do. */
const leavesStreams = onlyNode('it leaves the standard streams as they are')

describe('descriptors', () => {
  test('a child inherits only the inheritable ones', async () => {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const busy = spawn('cat', { stdio: ['pipe', 'pipe', 'pipe'] })
    const file = openSync('/dev/null', 'r')
    const ours = [os.open('/dev/null', os.O_RDONLY), ...os.pipe(), os.memfd_create('secret'), ...os.openpty()]
    const handed = os.dup(0)
    os.set_inheritable(handed, true)
    try {
      // Descriptors that this process has inherited stay inheritable.
      const open = readdirSync('/proc/self/fd').map(Number).filter(isOpen)
      const left = open.filter((fd) => fd > 2 && os.get_inheritable(fd))
      const numbers = [0, 1, 2, ...left].sort((a, b) => a - b)
      assert.ok(numbers.includes(handed))
      assert.deepEqual(descriptorsOfChild(), numbers)
      assert.deepEqual(descriptorsOfChild({ file_actions: [[os.POSIX_SPAWN_CLOSEFROM, 3]] }), [0, 1, 2])
    } finally {
      for (const fd of [handed, ...ours]) os.close(fd)
      closeSync(file)
      server.close()
      busy.stdin.end()
      await once(busy, 'close')
    }
  })

  test('the standard streams are inherited and block', {
    skip: leavesStreams,
  }, () => {
    const child = runNode(
      `
      import { readFileSync } from 'node:fs'
      process.stdin.resume()
      process.stdout.write('')
      const flags = (pid) => [0, 1, 2].map((fd) => /flags:\\s*(\\d+)/.exec(readFileSync('/proc/' + pid + '/fdinfo/' + fd, 'latin1'))[1])
      const nonBlocking = (list) => list.map((text) => (Number.parseInt(text, 8) & 0o4000) !== 0)
      const before = nonBlocking(flags('self'))
      const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
      const during = nonBlocking(flags(pid))
      os.kill(pid, 9)
      os.waitpid(pid, 0)
      console.log(JSON.stringify([before, during]))
      process.exit()`,
      { input: 'a line\n' },
    )
    const [before, during] = JSON.parse(child.stdout) as boolean[][]
    assert.ok(before?.[0], 'Node has changed its ways: standard input blocks')
    assert.deepEqual(during, [false, false, false])
  })

  test('a stream that the child does not inherit is left unchanged', { skip: leavesStreams }, () => {
    const child = runNode(
      `
      import { readFileSync } from 'node:fs'
      process.stdin.resume()
      const blocks = () => (Number.parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))[1], 8) & 0o4000) === 0
      const spawn = (file_actions) => { os.waitpid(os.posix_spawn('/bin/true', ['true'], null, { file_actions }), 0); return blocks() }
      const nothing = [os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0]
      console.log(blocks(), spawn([nothing]), spawn([[os.POSIX_SPAWN_DUP2, 0, 5], nothing]))
      process.exit()`,
      { input: '' },
    )
    assert.deepEqual([child.stderr, child.stdout], ['', 'false false true\n'])
  })
})
