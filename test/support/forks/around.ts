import assert from 'node:assert/strict'
import { fork as forkNode } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { Worker } from 'node:worker_threads'
import os from 'osier'
import { openCount } from '../open_files.ts'
import { assertSucceeds, inChild, makeGarbage, type Situation, SUCCESS, start } from './child.ts'

/** The output of a child until it ends. */
function readAll(fd: number): string {
  let all = ''
  for (;;) {
    try {
      const chunk = os.read(fd, 1000)
      if (chunk.length === 0) return all
      all += chunk.toString()
    } catch (error) {
      // EIO: the other side of the pseudo-terminal is closed.
      if (error instanceof os.OSError && error.code === 'EIO') return all
      throw error
    }
  }
}

/** The environment of a fork: signals, terminals, channels, hooks, limits. */
export const around: Readonly<Record<string, Situation>> = {
  'a signal reaches the child that handles it': inChild(async () => {
    const received = new Promise((resolve) => process.once('SIGUSR2', resolve))
    const alive = setInterval(() => undefined, 1000)
    process.kill(process.pid, 'SIGUSR2')
    await received
    clearInterval(alive)
  }),
  'a handler of signals is inherited, and each hears its own': async () => {
    const parent = process.pid
    let heard = 0
    const alive = setInterval(() => undefined, 1000)
    process.on('SIGUSR2', () => {
      heard += 1
      if (process.pid !== parent) process.exit(SUCCESS)
    })
    const pid = start(() => new Promise(() => undefined))
    if (pid === 0) return assertSucceeds(pid)
    os.kill(pid, 12)
    await assertSucceeds(pid)
    assert.equal(heard, 0)
    const other = start(async () => {
      await sleep(60)
      assert.equal(heard, 0)
    })
    if (other === 0) return assertSucceeds(other)
    process.kill(parent, 'SIGUSR2')
    await assertSucceeds(other)
    assert.equal(heard, 1)
    clearInterval(alive)
  },
  'a signal that has come to the parent is heard there alone, and the child may close what waits for it': async () => {
    const parent = process.pid
    let heard = 0
    const hear = (): void => {
      heard += 1
    }
    const alive = setInterval(() => undefined, 1000)
    process.on('SIGUSR2', hear)
    // libuv has written them to its signal pipe, and has not read them yet.
    for (let i = 0; i < 3; i++) os.kill(parent, 12)
    const pid = os.fork()
    if (pid === 0) {
      process.removeListener('SIGUSR2', hear)
      clearInterval(alive)
      // A handle that still waits for its signals would not close, and would keep the child alive.
      process.on('beforeExit', () => os._exit(heard === 0 ? SUCCESS : 1))
      await new Promise(() => undefined)
    }
    await assertSucceeds(pid)
    while (heard === 0) await sleep(1)
    clearInterval(alive)
    process.removeListener('SIGUSR2', hear)
  },
  'fork in a handler of a signal': async () => {
    const alive = setInterval(() => undefined, 1000)
    const done = new Promise((resolve, reject) => {
      process.once('SIGUSR2', () => assertSucceeds(start(makeGarbage)).then(resolve, reject))
    })
    process.kill(process.pid, 'SIGUSR2')
    await done
    clearInterval(alive)
  },
  "fork in an 'exit' handler": () => {
    process.once('exit', () => {
      const pid = os.fork()
      if (pid === 0) os._exit(SUCCESS)
      const [, status] = os.waitpid(pid, 0)
      if (os.waitstatus_to_exitcode(status) !== SUCCESS) process.exitCode = 1
    })
  },
  "a child of an 'exit' handler ends like any other": () => {
    process.once('exit', () => {
      const pid = os.fork()
      if (pid === 0) process.exit(SUCCESS)
      const [, status] = os.waitpid(pid, 0)
      if (os.waitstatus_to_exitcode(status) !== SUCCESS) process.exitCode = 1
    })
  },
  'forkpty: the child speaks to its terminal, the parent to the child': async () => {
    const before = openCount()
    const [pid, fd] = os.forkpty()
    if (pid === 0) {
      assert.equal(fd, -1)
      const own = [0, 1, 2].every((stream) => isatty(stream))
      console.log(`terminal ${own}, leader ${os.getsid(0) === process.pid}`)
      const line = os.read(0, 100).toString().trim()
      console.log(`heard ${line}`)
      process.exit(SUCCESS)
    }
    assert.equal(os.get_inheritable(fd), false)
    assert.ok(os.isatty(fd))
    os.write(fd, Buffer.from('good morning\n'))
    const all = readAll(fd)
    os.close(fd)
    await assertSucceeds(pid)
    assert.match(all, /terminal true, leader true/)
    assert.match(all, /heard good morning/)
    assert.equal(openCount(), before)
  },
  'register_at_fork: each is called on its side, in its order': async () => {
    const calls: string[] = []
    const note = (name: string): (() => void) => {
      return () => void calls.push(name)
    }
    const parent = process.pid
    os.register_at_fork({
      before: note('before 1'),
      after_in_child: note('child 1'),
      after_in_parent: note('parent 1'),
    })
    os.register_at_fork({ before: note('before 2'), after_in_child: note('child 2') })
    os.register_at_fork({ after_in_parent: note('parent 2') })
    const pid = start(() => {
      assert.notEqual(process.pid, parent)
      assert.deepEqual(calls, ['before 2', 'before 1', 'child 1', 'child 2'])
    })
    assert.deepEqual(calls, ['before 2', 'before 1', 'parent 1', 'parent 2'])
    await assertSucceeds(pid)
  },
  'register_at_fork: what a function throws becomes a warning': async () => {
    const warnings: string[] = []
    process.on('warning', ({ message }) => warnings.push(message))
    os.register_at_fork({
      before: () => {
        throw new Error('before failed')
      },
    })
    os.register_at_fork({
      after_in_child: () => {
        throw 'child failed'
      },
    })
    const pid = start(async () => {
      await sleep(1)
      assert.deepEqual(warnings, ['before failed', 'child failed'])
    })
    await assertSucceeds(pid)
    assert.deepEqual(warnings, ['before failed'])
  },
  'register_at_fork: no fork within a fork, neither before it nor after it': async () => {
    const errors: string[] = []
    const again = (): void => {
      for (const call of [os.fork, os.forkpty]) {
        try {
          call()
        } catch (error) {
          errors.push(String(error))
        }
      }
    }
    os.register_at_fork({ before: again, after_in_parent: again, after_in_child: again })
    os.register_at_fork({ before: again })
    const message = (name: string): string => `Error: os.${name}() was called by what register_at_fork has registered`
    const both = [message('fork'), message('forkpty')]
    const pid = start(() => assert.deepEqual(errors, [...both, ...both, ...both]))
    if (pid === 0) return assertSucceeds(pid)
    assert.deepEqual(errors, [...both, ...both, ...both])
    await assertSucceeds(pid)
    assert.throws(() => os.waitpid(-1, os.WNOHANG), { code: 'ECHILD' })
    await assertSucceeds(start(() => undefined))
  },
  'audit hooks are told, and may refuse': async () => {
    const events: string[] = []
    let refused = false
    os.addaudithook((event, args) => {
      events.push(`${event} ${args.length}`)
      if (refused) throw new Error('no')
    })
    await assertSucceeds(start(() => undefined))
    assert.ok(events.includes('os.fork 0'))
    refused = true
    const before = openCount()
    assert.throws(() => os.fork(), /^Error: no$/)
    assert.throws(() => os.forkpty(), /^Error: no$/)
    assert.ok(events.includes('os.forkpty 0'))
    assert.equal(openCount(), before)
  },
  'not in a worker thread': async () => {
    const program = `
      import os from ${JSON.stringify(import.meta.resolve('osier'))}
      import { parentPort } from 'node:worker_threads'
      for (const name of ['fork', 'forkpty']) {
        try { os[name](); parentPort.postMessage('forked') } catch (error) { parentPort.postMessage(String(error)) }
      }`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`))
    const messages: unknown[] = []
    worker.on('message', (message) => messages.push(message))
    await once(worker, 'exit')
    const rest = 'works in the main thread only: a child has no other'
    assert.deepEqual(messages, [`NotImplementedError: os.fork() ${rest}`, `NotImplementedError: os.forkpty() ${rest}`])
  },
  'the channel of child_process.fork stays with the parent': async () => {
    const child = forkNode(new URL('./run.js', import.meta.url), ['the part of the process with a channel'])
    const messages: unknown[] = []
    child.on('message', (message) => {
      messages.push(message)
      // Now two processes can read it.
      if (message === 'forked') child.send('second')
    })
    child.send('first')
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0)
    assert.deepEqual(messages, ['heard first', 'forked', 'heard second', 'end'])
  },
}

/** Parts of processes that situations start themselves. */
export const parts: Readonly<Record<string, Situation>> = {
  'the part of the process with a channel': async () => {
    const sendMessage = (message: string): boolean => process.send?.(message) ?? false
    const heard = async (): Promise<void> => void sendMessage(`heard ${(await once(process, 'message'))[0]}`)
    await heard()
    const pid = start(async () => {
      let received = 0
      process.on('message', () => (received += 1))
      assert.throws(() => sendMessage('from the child'), { code: 'ERR_IPC_CHANNEL_CLOSED' })
      assert.equal(process.connected, false)
      await sleep(100)
      assert.equal(received, 0)
    })
    if (pid === 0) return assertSucceeds(pid)
    sendMessage('forked')
    await heard()
    await assertSucceeds(pid)
    sendMessage('end')
    process.disconnect()
  },
}
