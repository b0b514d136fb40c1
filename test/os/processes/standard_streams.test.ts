import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runNode } from '../../support/child.ts'
import { combinations, type Operation, runHere, runInPython } from '../../support/low_descriptors.ts'
import { noPython } from '../../support/python.ts'
import { noFork, onlyNode } from '../../support/runtime.ts'

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
      os.popen('true').close()
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
  {
    name: 'pipe2, which does not block, and promises that leave it alone',
    needs: 'loop',
    js: `const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
      await promises.system('true'); await (await promises.popen('true')).close()
      await promises.spawnv(os.P_WAIT, '/missing', ['missing'])
      const after = [r, w].map(flags); os.close(r); os.close(w); return after`,
    python: `
r, w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
after = [flags(fd) for fd in (r, w)]; os.close(r); os.close(w); return after`,
  },
  { name: 'popen, reading', js: `let p, text; ${POPEN_R}`, python: POPEN_R },
  { name: 'popen, writing', js: `let p; ${POPEN_W.replace("', 'w'", "', 'w'")}`, python: POPEN_W },
  {
    name: 'promises.popen, reading',
    needs: 'loop',
    js: "const p = await promises.popen(state + '\\necho hi'); return [await p.read(), await p.close(), lines()]",
    python: POPEN_R,
  },
  {
    name: 'promises.popen, writing',
    needs: 'loop',
    js: `const p = await promises.popen(state + '\\nread word; exit \${#word}', 'w')
      await p.write('four\\n'); return [await p.close(), lines()]`,
    python: POPEN_W,
  },
  { name: 'system', js: SYSTEM, python: SYSTEM },
  { name: 'promises.system', needs: 'loop', js: SYSTEM.replace('os.system', 'await promises.system'), python: SYSTEM },
  { name: 'spawnv', js: SPAWNV, python: SPAWNV },
  { name: 'promises.spawnv', needs: 'loop', js: SPAWNV.replace('os.spawnv', 'await promises.spawnv'), python: SPAWNV },
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
    needs: 'loop',
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
    needs: 'fork',
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
    needs: 'fork',
    js: `const pid = os.fork(); if (pid === 0) os.execv('/bin/sh', sh('exit 6')); ${ENDED[0]}`,
    python: `
pid = os.fork()
if pid == 0: os.execv('/bin/sh', sh('exit 6'))
${ENDED[1]}`,
  },
  {
    name: 'a child that forks',
    needs: 'fork',
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
    needs: 'fork',
    js: `const [pid, master] = os.forkpty(); if (pid === 0) os.execv('/bin/sh', sh())
      os.waitpid(pid, 0); const found = [low(master), ...flags(master)]; os.close(master); return [found, lines()]`,
    python: `
pid, master = os.forkpty()
if pid == 0: os.execv('/bin/sh', sh())
os.waitpid(pid, 0); found = [low(master), False, os.get_blocking(master)]; os.close(master); return [found, lines()]`,
  },
  {
    name: 'login_tty',
    needs: 'fork',
    js: `const [master, slave] = os.openpty(); const pid = os.fork()
      if (pid === 0) { os.login_tty(slave); os.execv('/bin/sh', sh()) }
      os.waitpid(pid, 0); os.close(master); os.close(slave); return lines()`,
    // C's login_tty(3), which Python calls, leaves a terminal close-on-exec whose number is 0, 1 or 2 already.
    python: "return ' 0terminal 1terminal 2terminal\\n'",
  },
]

/** In Bun and Deno a thread waits, and what it opens for itself takes the lowest numbers. */
const noLoop = onlyNode('a thread waits for descriptors, and has some of its own')

const groups = [
  ['', operations.filter(({ needs }) => needs === undefined), noPython],
  [', with promises', operations.filter(({ needs }) => needs === 'loop'), noPython || noLoop],
  [', with fork', operations.filter(({ needs }) => needs === 'fork'), noPython || noFork],
] as const

describe('with any of the descriptors 0, 1 and 2 closed, calls have the same results as in Python', () => {
  for (const [suffix, group, skip] of groups) {
    for (const closed of combinations) {
      test(`${closed.length === 0 ? 'nothing' : closed.join(', ')}${suffix}`, { skip }, () => {
        assert.deepEqual(runHere(group, closed, folder), runInPython(group, closed, folder))
      })
    }
  }
})

describe('a process ends by itself with any of them closed', () => {
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

  const module = import.meta.resolve('osier')
  const threads = {
    'a worker': `import os from '${module}'; os.getppid()`,
    'the only thread that has loaded osier': '',
  }
  for (const [thread, use] of Object.entries(threads)) {
    test(`also if ${thread} has closed them`, () => {
      const inWorker = `import os from '${module}'; os.close(1); os.close(2)`
      const program = `
        import { Worker } from 'node:worker_threads'
        ${use}
        new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(inWorker)})))`
      const args = ['--input-type=module', '-e', program]
      const child = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' })
      assert.deepEqual([child.status, child.stderr], [0, ''])
    })
  }

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
