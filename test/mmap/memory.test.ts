import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as mmap from 'osier/mmap'
import { askNode, runNode } from '../support/child.ts'
import { temporaryFolder } from '../support/folder.ts'
import { noPython } from '../support/python.ts'
import { noFork } from '../support/runtime.ts'
import { noSeccomp } from '../support/seccomp.ts'

const folder = temporaryFolder()
const IMPORT = `import * as mmap from '${import.meta.resolve('osier/mmap')}'\n`

/** How many mappings of this process have the name. */
function mappings(name: string): number {
  return readFileSync('/proc/self/maps', 'latin1').split(name).length - 1
}

describe('what no call may end with is a signal', () => {
  test('of a file that another process truncates all the time', () => {
    const path = join(folder, 'truncated')
    const size = 64 * 4096
    writeFileSync(path, Buffer.alloc(size, 'line\n'))
    const child = os.posix_spawnp(
      'sh',
      ['sh', '-c', 'while test ! -e "$1.end"; do : > "$1"; truncate -s 262144 "$1"; done', 'sh', path],
      null,
    )
    const result = runNode(`${IMPORT}
      const fd = os.open('${path}', os.O_RDWR)
      os.ftruncate(fd, ${size})
      let memory
      while (memory === undefined) try { memory = new mmap.mmap(fd, ${size}) } catch {}
      const codes = new Set()
      const until = Date.now() + 1500
      const calls = [
        () => memory.slice(), () => memory.at(-1), () => memory.set(-1, 1), () => memory.find(Buffer.from('nothing'), 0),
        () => memory.rfind(Buffer.from('nothing'), 0), () => memory.move(0, 100, 200000), () => memory.readline(),
        () => memory.set_slice(0, 5000, Buffer.alloc(5000)), () => memory.flush(), () => memory.seek(0),
      ]
      while (Date.now() < until) for (const call of calls) try { call() } catch (error) { codes.add(error.code) }
      console.log([...codes].join())`)
    writeFileSync(`${path}.end`, '')
    os.waitpid(child, 0)
    assert.deepEqual([result.signal, result.status, result.stderr], [null, 0, ''])
    assert.equal(result.stdout.trim(), 'EFAULT')
  })

  test('of a file that was truncated', () => {
    const fd = os.open(join(folder, 'short'), os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 3 * 4096)
    const memory = new mmap.mmap(fd, 0)
    os.ftruncate(fd, 4096)
    assert.equal(memory.slice(0, 4096).length, 4096)
    for (const call of [() => memory.slice(), () => memory.at(4096), () => memory.set(4096, 1), () => memory.read()])
      assert.throws(call, { name: 'OSError', code: 'EFAULT' })
    assert.throws(() => memory.view(), TypeError)
    os.ftruncate(fd, 3 * 4096)
    assert.equal(memory.at(4096), 0)
    memory.close()
    os.close(fd)
  })

  test('of memory that is protected, or withheld from a child', () => {
    const memory = new mmap.mmap(-1, 8192, { prot: 0 })
    assert.throws(() => memory.at(0), { code: 'EFAULT' })
    assert.throws(() => memory.view(), TypeError)
    memory.close()
    const withheld = new mmap.mmap(-1, 8192)
    withheld.madvise(10)
    assert.throws(() => withheld.view(), TypeError, 'MADV_DONTFORK')
    withheld.close()
    const viewed = new mmap.mmap(-1, 8192)
    const array = new Uint8Array(viewed.view())
    for (const advice of [mmap.MADV_DONTFORK, mmap.MADV_HWPOISON, 102]) {
      assert.throws(() => viewed.madvise(advice), mmap.BufferError)
    }
    array[0] = 1
    viewed.madvise(mmap.MADV_WILLNEED)
    assert.equal(viewed.at(0), 1)
  })

  test('where process_vm_readv is forbidden', { skip: noSeccomp }, () => {
    const seccomp = new URL('../support/seccomp.js', import.meta.url).href
    const result = askNode<unknown[]>(`${IMPORT}
      import { forbid } from '${seccomp}'
      forbid('process_vm_readv', 1)
      forbid('process_vm_writev', 38)
      const before = os.listdir('/proc/self/fd').length
      const fd = os.memfd_create('test')
      os.ftruncate(fd, 3000000)
      const memory = new mmap.mmap(fd, 0)
      memory.set_slice(0, 2500000, Buffer.alloc(2500000, 'abc'))
      const found = [memory.rfind(Buffer.from('cab'), 0), memory.at(2), memory.slice().length]
      os.ftruncate(fd, 4096)
      const codes = []
      for (const call of [() => memory.slice(), () => memory.set(-1, 1)])
        try { call() } catch (error) { codes.push(error.code) }
      os.close(fd)
      memory.close()
      console.log(JSON.stringify([...found, ...codes, os.listdir('/proc/self/fd').length - before]))`)
    assert.deepEqual(result, [2499995, 99, 3000000, 'EFAULT', 'EFAULT', 0])
  })

  test('where mmap fails', { skip: noSeccomp }, () => {
    const seccomp = new URL('../support/seccomp.js', import.meta.url).href
    const code = askNode<unknown[]>(`${IMPORT}
      import { forbid } from '${seccomp}'
      const fd = os.memfd_create('test')
      os.ftruncate(fd, 4096)
      const memory = new mmap.mmap(fd, 0)
      const before = os.listdir('/proc/self/fd').length
      for (const [call, errno] of [['mremap', 12], ['msync', 5]]) forbid(call, errno)
      // Of this descriptor alone: V8 maps memory too.
      forbid('mmap', 12, [4, fd])
      const codes = []
      for (const call of [() => new mmap.mmap(fd, 0), () => memory.resize(8192), () => memory.flush()])
        try { call() } catch (error) { codes.push([error.code, error.syscall]) }
      console.log(JSON.stringify([...codes, memory.length, os.listdir('/proc/self/fd').length - before]))`)
    assert.deepEqual(code, [['ENOMEM', 'mmap'], ['ENOMEM', 'mremap'], ['EIO', 'msync'], 4096, 0])
  })
})

describe('an ArrayBuffer over a mapping', () => {
  test('is the memory, for memory without a file and for a sealed one', { skip: noPython }, () => {
    // In a process of its own, since the mapping and its descriptor stay open as long as the ArrayBuffer.
    const result = askNode<unknown[]>(`${IMPORT}
      const fd = os.memfd_create('osier-sealed', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
      os.ftruncate(fd, 5000)
      const sealed = new mmap.mmap(fd, 0)
      const codes = []
      try { sealed.view() } catch (error) { codes.push(error.name) }
      os.set_inheritable(fd, true)
      const code = 'import fcntl; fcntl.fcntl(' + fd + ', 1033, 2)'
      os.waitpid(os.posix_spawnp('python3', ['python3', '-c', code], null), 0)
      const array = new Uint8Array(sealed.view())
      array[4999] = 9
      try { os.ftruncate(fd, 10) } catch (error) { codes.push(error.name) }
      console.log(JSON.stringify([...codes, ...os.pread(fd, 1, 4999), sealed.view() === array.buffer]))`)
    assert.deepEqual(result, ['TypeError', 'PermissionError', 9, true])
    const private_ = new mmap.mmap(-1, 100, mmap.MAP_PRIVATE)
    new Uint8Array(private_.view()).fill(3)
    assert.deepEqual([private_.at(99), private_.view().byteLength], [3, 100])
  })

  test('keeps the mapping open, at its size', () => {
    const memory = new mmap.mmap(-1, 8192, mmap.MAP_PRIVATE)
    const array = new Uint8Array(memory.view())
    assert.throws(() => memory.close(), mmap.BufferError)
    assert.throws(() => memory.resize(100), mmap.BufferError)
    array[0] = 5
    assert.equal(memory.at(0), 5)
    assert.equal(memory.closed, false)
  })

  test('is shared with a child', { skip: noFork }, () => {
    const result = askNode<number[]>(`${IMPORT}
      const memory = new mmap.mmap(-1, 4096)
      const array = new Uint32Array(memory.view())
      const pid = os.fork()
      if (pid === 0) {
        array[0] = 42
        memory.set(4, 7)
        os._exit(0)
      }
      os.waitpid(pid, 0)
      console.log(JSON.stringify([array[0], array[1]]))`)
    assert.deepEqual(result, [42, 7])
  })

  test('is in use when the process ends, which then ends as usual', () => {
    const child = runNode(`${IMPORT}
      globalThis.kept = [new mmap.mmap(-1, 4096).view(), new mmap.mmap(-1, 4096).view()]
      process.exitCode = 3`)
    assert.deepEqual([child.status, child.signal, child.stderr], [3, null, ''])
  })

  test('that was moved or posted leaves memory that can be read', () => {
    const result = askNode<unknown[]>(
      `${IMPORT}
      import { setImmediate } from 'node:timers/promises'
      const moved = []
      for (let round = 0; round < 20; round++) {
        const memory = new mmap.mmap(-1, 1 << 20)
        const view = memory.view()
        try { structuredClone(view, { transfer: [view] }) } catch {}
        const { transfer } = ArrayBuffer.prototype
        // Some engines refuse it.
        try { if (transfer !== undefined) moved.push(new Uint8Array(transfer.call(view))) } catch {}
      }
      for (let round = 0; round < 10; round++) { gc(); await setImmediate() }
      let sum = 0
      for (const array of moved) { array.fill(1); sum += array[1000] }
      console.log(JSON.stringify([sum === moved.length]))`,
      { nodeOptions: ['--expose-gc'] },
    )
    assert.deepEqual(result, [true])
  })
})

test('mappings that are forgotten are released, also with an ArrayBuffer', () => {
  const result = askNode<number[]>(
    `${IMPORT}
    import { setImmediate } from 'node:timers/promises'
    import { readFileSync } from 'node:fs'
    const fd = os.memfd_create('osier-forgotten')
    os.ftruncate(fd, 1 << 20)
    const count = () => [readFileSync('/proc/self/maps', 'latin1').split('osier-forgotten').length - 1, os.listdir('/proc/self/fd').length]
    const before = count()
    const resident = () => Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1])
    let least = Infinity
    for (let round = 0; round < 60; round++) {
      new mmap.mmap(fd, 0).at(0)
      const memory = new mmap.mmap(-1, 4 << 20)
      new Uint8Array(memory.view()).fill(1)
      if (round % 5 === 4) { gc(); await setImmediate(); gc(); await setImmediate() }
    }
    for (let round = 0; round < 10; round++) { gc(); await setImmediate() }
    const after = count()
    console.log(JSON.stringify([after[0] - before[0], after[1] - before[1], resident() < 200000 ? 1 : resident()]))`,
    { nodeOptions: ['--expose-gc'] },
  )
  assert.deepEqual(result, [0, 0, 1])
  assert.equal(mappings('osier-forgotten'), 0)
})
