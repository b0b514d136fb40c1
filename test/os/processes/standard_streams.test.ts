import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runNode } from '../../support/child.ts'
import { combinations, type Operation, runHere, runInPython } from '../../support/low_descriptors.ts'
import { noPython } from '../../support/python.ts'
import { noFork } from '../../support/runtime.ts'

const folder = mkdtempSync(join(tmpdir(), 'osier-'))
after(() => rmSync(folder, { recursive: true }))

/** Waits for a child, and gives its exit code and what it has said of its streams. */
const ENDED = [
  'return [code(os.waitpid(pid, 0)[1]), lines()]',
  'return [code(os.waitpid(pid, 0)[1]), lines()]',
] as const

const POPEN_R = `
p = os.popen(state + '\\necho hi')
text = p.read()
return [text, p.close(), lines()]`
const POPEN_W = `
p = os.popen(state + '\\nread word; exit \${#word}', 'w')
p.write('four\\n')
return [p.close(), lines()]`
const SYSTEM = "return [os.system(state + '\\nexit 3'), lines()]"
const SPAWNV = "return [os.spawnv(os.P_WAIT, '/bin/sh', sh('exit 4')), lines()]"

const operations: readonly Operation[] = [
  {
    name: 'open',
    js: "const fd = os.open('/dev/null', os.O_RDWR); const found = [low(fd), ...flags(fd)]; os.close(fd); return found",
    python: "fd = os.open('/dev/null', os.O_RDWR); found = [low(fd), *flags(fd)]; os.close(fd); return found",
  },
  {
    name: 'sjs.open',
    js: "const fd = sjs.open('/dev/null', 'r+'); const found = [low(fd), ...flags(fd)]; sjs.close(fd); return found",
    python: "fd = os.open('/dev/null', os.O_RDWR); found = [low(fd), *flags(fd)]; os.close(fd); return found",
  },
  {
    name: 'pipe, dup, dup2',
    js: `const [r, w] = os.pipe(); const copy = os.dup(w); os.dup2(r, 70)
      const found = [r, w, copy, 70].map((fd) => [low(fd), ...flags(fd)])
      for (const fd of [r, w, copy, 70]) os.close(fd); return found`,
    python: `
r, w = os.pipe(); copy = os.dup(w); os.dup2(r, 70)
found = [[low(fd), *flags(fd)] for fd in (r, w, copy, 70)]
for fd in (r, w, copy, 70): os.close(fd)
return found`,
  },
  {
    name: 'pipe2, which does not block, and spawns that leave it alone',
    js: `const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
      const before = [r, w].map(flags)
      os.system('true'); os.spawnv(os.P_WAIT, '/bin/true', ['true'])
      os.waitpid(os.posix_spawn('/bin/sh', sh(), os.environ), 0)
      try { os.posix_spawn('/missing', ['missing'], os.environ) } catch {}
      os.popen('true').close(); await promises.system('true'); await (await promises.popen('true')).close()
      const after = [r, w].map(flags); os.close(r); os.close(w); return [before, after, lines()]`,
    python: `
r, w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
before = [flags(fd) for fd in (r, w)]
os.waitpid(os.posix_spawn('/bin/sh', sh(), os.environ), 0)
after = [flags(fd) for fd in (r, w)]; os.close(r); os.close(w); return [before, after, lines()]`,
  },
  {
    name: 'pipe2, which children inherit',
    js: `const [r, w] = os.pipe2(os.O_NONBLOCK)
      const pid = os.posix_spawn('/bin/sh', sh(), os.environ); os.waitpid(pid, 0)
      const after = [r, w].map(flags); os.close(r); os.close(w); return [after, lines()]`,
    python: `
r, w = os.pipe2(os.O_NONBLOCK)
pid = os.posix_spawn('/bin/sh', sh(), os.environ); os.waitpid(pid, 0)
after = [flags(fd) for fd in (r, w)]; os.close(r); os.close(w); return [after, lines()]`,
  },
  { name: 'popen, reading', js: `let p, text; ${POPEN_R}`, python: POPEN_R },
  { name: 'popen, writing', js: `let p; ${POPEN_W.replace("', 'w'", "', 'w'")}`, python: POPEN_W },
  {
    name: 'promises.popen, reading',
    js: "const p = await promises.popen(state + '\\necho hi'); return [await p.read(), await p.close(), lines()]",
    python: POPEN_R,
  },
  {
    name: 'promises.popen, writing',
    js: `const p = await promises.popen(state + '\\nread word; exit \${#word}', 'w')
      await p.write('four\\n'); return [await p.close(), lines()]`,
    python: POPEN_W,
  },
  { name: 'system', js: SYSTEM, python: SYSTEM },
  { name: 'promises.system', js: SYSTEM.replace('os.system', 'await promises.system'), python: SYSTEM },
  { name: 'spawnv', js: SPAWNV, python: SPAWNV },
  { name: 'promises.spawnv', js: SPAWNV.replace('os.spawnv', 'await promises.spawnv'), python: SPAWNV },
  {
    name: 'posix_spawn with actions',
    js: `const fd = os.open('/dev/null', os.O_RDWR)
      const file_actions = [[os.POSIX_SPAWN_OPEN, 0, 'lines', os.O_RDONLY, 0], [os.POSIX_SPAWN_DUP2, 0, 1], [os.POSIX_SPAWN_CLOSE, 2]]
      const pid = os.posix_spawn('/bin/sh', sh(), os.environ, { file_actions }); os.close(fd); ${ENDED[0]}`,
    python: `
fd = os.open('/dev/null', os.O_RDWR)
actions = [(os.POSIX_SPAWN_OPEN, 0, 'lines', os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_CLOSE, 2)]
pid = os.posix_spawn('/bin/sh', sh(), os.environ, file_actions=actions); os.close(fd)
${ENDED[1]}`,
  },
  {
    name: 'posix_spawn with a pipe on its own number',
    js: `const [r, w] = os.pipe(); const file_actions = [[os.POSIX_SPAWN_DUP2, r, 0], [os.POSIX_SPAWN_DUP2, w, 1]]
      const pid = os.posix_spawn('/bin/sh', sh(), os.environ, { file_actions }); os.close(r); os.close(w); ${ENDED[0]}`,
    python: `
r, w = os.pipe(); actions = [(os.POSIX_SPAWN_DUP2, r, 0), (os.POSIX_SPAWN_DUP2, w, 1)]
pid = os.posix_spawn('/bin/sh', sh(), os.environ, file_actions=actions); os.close(r); os.close(w)
${ENDED[1]}`,
  },
  {
    name: 'dup2 in place of what is closed',
    js: `const free = [0, 1, 2].filter((fd) => !isOpen(fd)); const file = os.open('lines', os.O_RDWR)
      if (file <= 2) os.set_inheritable(file, true)
      for (const fd of free) if (fd !== file) os.dup2(file, fd)
      const pid = os.posix_spawn('/bin/sh', sh(), os.environ); for (const fd of new Set([file, ...free])) os.close(fd); ${ENDED[0]}`,
    python: `
free = [fd for fd in (0, 1, 2) if not is_open(fd)]; file = os.open('lines', os.O_RDWR)
if file <= 2: os.set_inheritable(file, True)
for fd in free:
    if fd != file: os.dup2(file, fd)
pid = os.posix_spawn('/bin/sh', sh(), os.environ)
for fd in {file, *free}: os.close(fd)
${ENDED[1]}`,
  },
  {
    name: 'openpty',
    js: 'const fds = os.openpty(); const found = fds.map((fd) => [low(fd), ...flags(fd)]); fds.map(os.close); return found',
    python: `
fds = os.openpty(); found = [[low(fd), *flags(fd)] for fd in fds]
for fd in fds: os.close(fd)
return found`,
  },
  {
    name: 'a terminal that has a low number is not lent',
    js: `const fds = os.openpty(); os.set_blocking(fds[0], false)
      const pid = os.posix_spawn('/bin/sh', sh(), os.environ); os.waitpid(pid, 0)
      const found = fds.map(flags); fds.map(os.close); return [found, lines()]`,
    python: `
fds = os.openpty(); os.set_blocking(fds[0], False)
pid = os.posix_spawn('/bin/sh', sh(), os.environ); os.waitpid(pid, 0)
found = [flags(fd) for fd in fds]
for fd in fds: os.close(fd)
return [found, lines()]`,
  },
  {
    name: 'what promises keep open has other numbers',
    js: `const [r, w] = os.pipe(); const reading = promises.read(r, 4); os.write(w, Buffer.from('text'))
      const text = (await reading).toString(); os.close(r); os.close(w)
      const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.01'], os.environ)
      const waiting = promises.waitpid(pid, 0); const fd = os.open('/dev/null', os.O_RDONLY); os.close(fd); await waiting
      return [text, low(fd)]`,
    python: `
fd = os.open('/dev/null', os.O_RDONLY); os.close(fd)
return ['text', low(fd)]`,
  },
  {
    name: 'fork',
    forks: true,
    js: `const pid = os.fork()
      if (pid === 0) { const fds = [1, 2, 3].map(() => low(os.open('/dev/null', os.O_RDONLY))); os._exit(fds.filter((fd) => fd !== 'other').length) }
      ${ENDED[0]}`,
    python: `
pid = os.fork()
if pid == 0: os._exit(len([fd for fd in [low(os.open('/dev/null', os.O_RDONLY)) for i in range(3)] if fd != 'other']))
${ENDED[1]}`,
  },
  {
    name: 'fork and exec',
    forks: true,
    js: `const pid = os.fork(); if (pid === 0) os.execv('/bin/sh', sh('exit 6')); ${ENDED[0]}`,
    python: `
pid = os.fork()
if pid == 0: os.execv('/bin/sh', sh('exit 6'))
${ENDED[1]}`,
  },
  {
    name: 'a child that forks',
    forks: true,
    js: `const pid = os.fork()
      if (pid === 0) { const inner = os.fork(); if (inner === 0) os.execv('/bin/sh', sh('exit 6')); os._exit(code(os.waitpid(inner, 0)[1])) }
      ${ENDED[0]}`,
    python: `
pid = os.fork()
if pid == 0:
    inner = os.fork()
    if inner == 0: os.execv('/bin/sh', sh('exit 6'))
    os._exit(code(os.waitpid(inner, 0)[1]))
${ENDED[1]}`,
  },
  {
    name: 'forkpty',
    forks: true,
    js: `const [pid, master] = os.forkpty(); if (pid === 0) os.execv('/bin/sh', sh())
      os.waitpid(pid, 0); const found = [low(master), ...flags(master)]; os.close(master); return [found, lines()]`,
    python: `
pid, master = os.forkpty()
if pid == 0: os.execv('/bin/sh', sh())
os.waitpid(pid, 0); found = [low(master), False, os.get_blocking(master)]; os.close(master); return [found, lines()]`,
  },
  {
    name: 'login_tty',
    forks: true,
    js: `const [master, slave] = os.openpty(); const pid = os.fork()
      if (pid === 0) { os.login_tty(slave); os.execv('/bin/sh', sh()) }
      os.waitpid(pid, 0); os.close(master); os.close(slave); return lines()`,
    // C's login_tty(3), which Python calls, leaves a terminal close-on-exec whose number is 0, 1 or 2 already.
    python: "return ' 0terminal 1terminal 2terminal\\n'",
  },
]

const groups = [
  ['', operations.filter(({ forks }) => forks !== true), noPython],
  [', with fork', operations.filter(({ forks }) => forks === true), noPython || noFork],
] as const

describe('whatever is closed of the descriptors 0, 1 and 2, all is as in Python', () => {
  for (const [suffix, group, skip] of groups) {
    for (const closed of combinations) {
      test(`${closed.length === 0 ? 'nothing' : closed.join(', ')}${suffix}`, { skip }, () => {
        assert.deepEqual(runHere(group, closed, folder), runInPython(group, closed, folder))
      })
    }
  }
})

describe('a process ends by itself, whatever is closed', () => {
  const ends: Readonly<Record<string, readonly [program: string, status: number, errors: RegExp]>> = {
    'at its end': ['', 0, /^$/],
    'by process.exit': ['process.exit(200)', 200, /^$/],
    'by an error': ['throw new Error("not caught")', 1, /^$|not caught/],
  }
  for (const [name, [program, status, errors]] of Object.entries(ends)) {
    test(name, () => {
      for (const closed of combinations) {
        const child = runNode(`for (const fd of ${JSON.stringify(closed)}) os.close(fd)\n${program}`)
        assert.deepEqual([closed, child.status], [closed, status])
        assert.match(child.stderr, errors)
      }
    })
  }

  test('also where a worker has closed them', () => {
    const child = runNode(`
      import { Worker } from 'node:worker_threads'
      os.getppid()
      const program = "import os from '${import.meta.resolve('osier')}'; os.close(1); os.close(2)"
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(program)))`)
    assert.deepEqual([child.status, child.stderr], [0, ''])
  })

  test('also a child of fork, and a process that closes by node:fs', { skip: noFork }, () => {
    for (const closed of combinations) {
      const child = runNode(`
        import { closeSync } from 'node:fs'
        const pid = os.fork()
        for (const fd of ${JSON.stringify(closed)}) closeSync(fd)
        process.exit(pid === 0 ? 7 : os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`)
      assert.deepEqual([closed, child.status, child.stderr], [closed, 7, ''])
    }
  })
})
