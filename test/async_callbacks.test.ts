/** A callback that is an async function by mistake is refused, and its rejection does not end the process. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import os, { promises } from 'osier'
import micropython, { vfs } from 'osier/micropython'

const rejections: unknown[] = []
const note = (reason: unknown): void => {
  rejections.push(reason)
}

/** An async function in place of a synchronous one. */
const late = async (): Promise<never> => {
  throw new Error('too late')
}

const REFUSED = { code: 'ERR_INVALID_ARG_TYPE' }

/** What throws or rejects where a callback returns a promise. */
const cases: Record<string, () => unknown> = {
  'os.walk, onerror': () => {
    os.makedirs('walked/gone', { exist_ok: true })
    for (const _ of os.walk('walked', { onerror: late })) os.rmdir('walked/gone')
  },
  'os.fwalk, onerror': () => {
    os.makedirs('walked/gone', { exist_ok: true })
    for (const _ of os.fwalk('walked', { onerror: late })) os.rmdir('walked/gone')
  },
  'a path': () => os.stat({ __fspath__: late } as never),
  'a path of promises': () => promises.stat({ __fspath__: late } as never),
  'a descriptor': () => os.fstat({ fileno: late } as never),
  'a descriptor of promises': () => promises.fstat({ fileno: late } as never),
  'a file system that is mounted': () => vfs.mount({ mount: late }, '/late'),
}

for (const method of ['open', 'chdir', 'ilistdir', 'mkdir', 'remove', 'rmdir', 'stat', 'statvfs'] as const) {
  cases[`a file system, ${method}`] = () => {
    vfs.mount({ mount() {}, [method]: late }, '/late')
    try {
      return (micropython[method] as (path: string) => unknown)('/late/file')
    } finally {
      vfs.umount('/late')
    }
  }
}

for (const method of ['umount', 'sync'] as const) {
  cases[`a file system, ${method}`] = () => {
    vfs.mount({ mount() {}, [method]: late }, '/late')
    try {
      micropython.sync()
    } finally {
      vfs.umount('/late')
    }
  }
}

for (const method of ['readblocks', 'writeblocks', 'ioctl'] as const) {
  cases[`a block device, ${method}`] = () => {
    const memory = new vfs.RamBlockDev(512, 100)
    const device = {
      readblocks: memory.readblocks.bind(memory),
      writeblocks: memory.writeblocks.bind(memory),
      ioctl: memory.ioctl.bind(memory),
      [method]: late,
    }
    vfs.VfsFat.mkfs(device as never)
    return new vfs.VfsFat(device as never)
  }
}

describe('an async function is refused as', () => {
  beforeEach(() => {
    rejections.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(() => process.off('unhandledRejection', note))

  for (const [name, call] of Object.entries(cases)) {
    test(name, async () => {
      await assert.rejects(
        async () => call(),
        (error: Error & { code?: string; cause?: { code?: string } }) => {
          assert.equal(error.code === REFUSED.code ? error.code : error.cause?.code, REFUSED.code, error.message)
          return true
        },
      )
      // Unhandled rejections are reported when all microtasks have run.
      await turn()
      await turn()
      assert.deepEqual(rejections, [])
    })
  }
})

test('promises.walk and promises.fwalk wait for an async onerror, and reject with what it throws', async () => {
  type Walk = (
    top: string,
    options: { onerror: (error: Error & { code?: string }) => unknown },
  ) => AsyncIterable<unknown>
  for (const walk of [promises.walk, promises.fwalk] as readonly unknown[] as readonly Walk[]) {
    const heard: string[] = []
    const onerror = async (error: Error & { code?: string }): Promise<void> => {
      await turn()
      heard.push(error.code ?? '')
    }
    os.makedirs('waited/gone')
    for await (const _ of walk('waited', { onerror })) os.rmdir('waited/gone')
    assert.deepEqual(heard, ['ENOENT'])
    os.mkdir('waited/gone')
    await assert.rejects(async () => {
      for await (const _ of walk('waited', { onerror: late })) os.rmdir('waited/gone')
    }, /too late/)
    os.rmdir('waited')
  }
})

test('an audit hook that is async refuses the call', () => {
  let isWanted = true
  os.addaudithook((async (event: string) => {
    if (isWanted && event === 'os.mkdir') throw new Error('too late')
  }) as never)
  try {
    assert.throws(() => os.mkdir('refused'), REFUSED)
  } finally {
    isWanted = false
  }
})
