import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython, runPython } from '../../support/python.ts'
import { ownDescriptors } from '../../support/runtime.ts'
import { assertSameAsPython } from '../../support/scenario.ts'
import { noSeccomp } from '../../support/seccomp.ts'

const folder = temporaryFolder()

function withPty<T>(body: (master: number, slave: number) => T): T {
  const [master, slave] = os.openpty()
  try {
    return body(master, slave)
  } finally {
    os.close(master)
    os.close(slave)
  }
}

const programPath = (name: string): string => fileURLToPath(new URL(`../../support/${name}.js`, import.meta.url))

describe('pseudo-terminals', () => {
  test('openpty opens two connected descriptors, which are not inheritable', () => {
    withPty((master, slave) => {
      assert.deepEqual([os.get_inheritable(master), os.get_inheritable(slave)], [false, false])
      assert.deepEqual([os.isatty(master), os.isatty(slave)], [true, true])
      os.write(slave, Buffer.from('to the screen\n'))
      assert.equal(os.read(master, 100).toString(), 'to the screen\r\n')
      os.write(master, Buffer.from('from the keys\n'))
      assert.equal(os.read(slave, 100).toString(), 'from the keys\n')
      assert.equal(os.ttyname(slave), os.ptsname(master))
      assert.equal(os.stat(os.ttyname(slave)).st_rdev, os.fstat(slave).st_rdev)
    })
  })

  test('posix_openpt, grantpt, unlockpt and ptsname open one in steps', () => {
    const master = os.posix_openpt(os.O_RDWR | os.O_NOCTTY)
    try {
      assert.equal(os.get_inheritable(master), false)
      os.grantpt(master)
      assert.throws(() => os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY), { code: 'EIO' })
      os.unlockpt(master)
      const slave = os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY)
      assert.equal(os.isatty(slave), true)
      os.close(slave)
    } finally {
      os.close(master)
    }
  })

  test('openpty opens the terminal by its path where the kernel lacks TIOCGPTPEER', { skip: noSeccomp }, () => {
    for (const code of ['ENOTTY', 'EINVAL']) {
      const child = spawnSync(process.execPath, [programPath('old_openpty'), code], { encoding: 'utf8' })
      assert.deepEqual([child.stderr, child.stdout], ['', 'false false hello\n'], code)
    }
  })

  test('openpty closes its descriptors when it fails', { skip: noSeccomp }, () => {
    const child = spawnSync(process.execPath, [programPath('old_openpty'), 'EACCES'], { encoding: 'utf8' })
    assert.deepEqual([child.stderr, child.stdout], ['', 'EACCES, 0 more open\n'])
  })
})

describe('questions', () => {
  test('a descriptor that is not a terminal is ENOTTY, and isatty returns false', () => {
    const [r, w] = os.pipe()
    os.close(w)
    assert.equal(os.isatty(r), false)
    assert.equal(os.device_encoding(r), null)
    const calls = [os.ttyname, os.ptsname, os.tcgetpgrp, os.get_terminal_size]
    for (const call of calls) assert.throws(() => call(r), { code: 'ENOTTY', filename: r }, call.name)
    assert.throws(() => os.tcsetpgrp(r, 1), { code: 'ENOTTY' })
    os.close(r)
    assert.equal(os.isatty(r), false)
    for (const call of calls) assert.throws(() => call(r), { code: 'EBADF' }, call.name)
    for (const call of [os.grantpt, os.unlockpt, ...(isMainThread ? [os.login_tty] : [])]) {
      assert.throws(() => call(r), os.OSError, call.name)
    }
  })

  test('get_terminal_size returns the size of the window', { skip: ownDescriptors }, () => {
    withPty((master, slave) => {
      spawnSync('stty', ['cols', '132', 'rows', '43'], { stdio: [slave, 'ignore', 'inherit'] })
      const size = os.get_terminal_size(slave)
      assert.ok(size instanceof os.terminal_size)
      assert.deepEqual([size.columns, size.lines], [132, 43])
      const [columns, lines] = os.get_terminal_size({ fd: master })
      assert.deepEqual([columns, lines], [132, 43])
      assert.deepEqual([...new os.terminal_size([80, 24])], [80, 24])
      assert.equal(new os.terminal_size([80, 24])[1], 24)
      assert.throws(() => new os.terminal_size([80]), RangeError)
      assert.throws(() => os.get_terminal_size(null as unknown as number), TypeError)
      assert.equal(os.device_encoding(slave), 'UTF-8')
    })
  })

  test('the same as in Python', { skip: noPython }, () => {
    assertSameAsPython(
      [
        { call: ['openpty'], as: ['master', 'slave'] },
        { call: ['isatty', { use: 'slave' }] },
        { call: ['isatty', { use: 'master' }] },
        { call: ['get_inheritable', { use: 'master' }] },
        { call: ['get_inheritable', { use: 'slave' }] },
        { call: ['get_terminal_size', { use: 'slave' }] },
        { call: ['tcgetpgrp', { use: 'slave' }] },
        { call: ['tcsetpgrp', { use: 'slave' }, 1] },
        { call: ['ttyname', { use: 'slave' }], as: 'name' },
        { call: ['access', { use: 'name' }, 4] },
        { call: ['ttyname', { use: 'master' }], as: 'control' },
        { call: ['write', { use: 'slave' }, { bytes: 'x\n' }] },
        { call: ['read', { use: 'master' }, 10] },
        { call: ['close', { use: 'slave' }] },
        { call: ['read', { use: 'master' }, 10] },
        { call: ['close', { use: 'master' }] },
        { call: ['isatty', { use: 'master' }] },
        { call: ['isatty', -1] },
        { call: ['device_encoding', { use: 'master' }] },
        { call: ['ttyname', { use: 'master' }] },
        { call: ['get_terminal_size', { use: 'master' }] },
        { call: ['tcgetpgrp', { use: 'master' }] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['ttyname', { use: 'r' }] },
        { call: ['get_terminal_size', { use: 'r' }] },
        ...(isMainThread ? [{ call: ['login_tty', { use: 'r' }] } as const] : []),
        { call: ['close', { use: 'r' }] },
        { call: ['close', { use: 'w' }] },
      ],
      folder,
    )
  })

  const old =
    noPython || (runPython('import os; print(hasattr(os, "ptsname"))') === 'True\n' ? false : 'needs Python 3.13')
  test('posix_openpt, grantpt, unlockpt and ptsname, the same as in Python', { skip: old }, () => {
    assertSameAsPython(
      [
        { call: ['posix_openpt', { constant: 'O_RDWR|O_NOCTTY' }], as: 'master' },
        { call: ['get_inheritable', { use: 'master' }] },
        { call: ['grantpt', { use: 'master' }] },
        { call: ['unlockpt', { use: 'master' }] },
        { call: ['ptsname', { use: 'master' }], as: 'name' },
        { call: ['open', { use: 'name' }, { constant: 'O_RDWR|O_NOCTTY' }], as: 'slave' },
        { call: ['ptsname', { use: 'slave' }] },
        { call: ['grantpt', { use: 'slave' }] },
        { call: ['unlockpt', { use: 'slave' }] },
        { call: ['close', { use: 'slave' }] },
        { call: ['close', { use: 'master' }] },
        { call: ['ptsname', { use: 'master' }] },
        { call: ['grantpt', { use: 'master' }] },
        { call: ['unlockpt', { use: 'master' }] },
        { call: ['posix_openpt', -1] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['ptsname', { use: 'r' }] },
        { call: ['grantpt', { use: 'r' }] },
        { call: ['unlockpt', { use: 'r' }] },
        { call: ['close', { use: 'r' }] },
        { call: ['close', { use: 'w' }] },
      ],
      folder,
    )
  })
})

describe('sessions', () => {
  test('login_tty makes the terminal the controlling terminal and the standard streams', async () => {
    const [master, slave] = os.openpty()
    const child = spawn(process.execPath, [programPath('login'), os.ttyname(slave)], { stdio: 'inherit' })
    os.close(slave)
    const [code] = (await once(child, 'exit')) as [number | null]
    const output = os.read(master, 4096).toString()
    os.close(master)
    assert.equal(code, 0, output)
    const report = JSON.parse(output) as Record<string, unknown>
    assert.deepEqual(report, {
      leader: true,
      streams: [true, true, true],
      inheritable: [true, true, true],
      closed: true,
      foreground: true,
      moved: true,
    })
  })

  test('login_tty throws in a worker', async () => {
    const { Worker } = await import('node:worker_threads')
    const code = `import os from '${import.meta.resolve('osier')}'
      import { parentPort } from 'node:worker_threads'
      try { os.login_tty(0) } catch (error) { parentPort.postMessage(error.code) }`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    const [answer] = (await once(worker, 'message')) as [string]
    assert.equal(answer, 'ERR_WORKER_UNSUPPORTED_OPERATION')
    await worker.terminate()
  })
})
