import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as mmap from 'osier/mmap'
import { askNode } from '../support/child.ts'
import { temporaryFolder } from '../support/folder.ts'
import { askPython, noPython } from '../support/python.ts'
import { random } from '../support/random.ts'
import { seedOf, share } from '../support/share.ts'

const folder = temporaryFolder()

function fileOf(content: Buffer | string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), 'file')
  writeFileSync(path, content)
  return path
}

/** A mapping of a file of this content. */
function mapped(content: Buffer | string, options: mmap.MmapOptions = {}, length = 0): mmap.mmap {
  const fd = os.open(fileOf(content), os.O_RDWR)
  try {
    return new mmap.mmap(fd, length, options)
  } finally {
    os.close(fd)
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** A step: the method, and its arguments. Strings are bytes. */
type Step = readonly [method: string, ...args: (number | string | null)[]]

const PYTHON = `
import json, mmap, sys
def step(m, name, *args):
    args = [a.encode('latin-1') if isinstance(a, str) else a for a in args]
    if name == 'at': result = m[args[0]]
    elif name == 'set': m[args[0]] = args[1]; result = None
    elif name == 'slice': result = m[args[0]:args[1]]
    elif name == 'set_slice': m[args[0]:args[1]] = args[2]; result = None
    elif name == 'length': result = len(m)
    elif name == 'seek': m.seek(*args); result = m.tell()
    elif name == 'close': m.close(); result = None
    else: result = getattr(m, name)(*[a for a in args if a is not None or name == 'read'])
    return result.decode('latin-1') if isinstance(result, bytes) else result
outcomes = []
for path, access, offset, steps in json.load(sys.stdin):
    with open(path, 'r+b') as file:
        m = mmap.mmap(file.fileno(), 0, access=access, offset=offset)
    for one in steps:
        try:
            outcomes.append(step(m, *one))
        except Exception as error:
            outcomes.append(['error', type(error).__name__])
    outcomes.append(open(path, 'rb').read().decode('latin-1'))
print(json.dumps(outcomes))`

/** What a class of errors here is in Python. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  RangeError: ['ValueError', 'IndexError', 'OverflowError'],
  TypeError: ['TypeError'],
  OSError: ['OSError'],
}

function outcome(memory: mmap.mmap, [method, ...args]: Step): unknown {
  const given = args.map((arg) => (typeof arg === 'string' ? bytes(arg) : arg))
  try {
    if (method === 'length') return memory.length
    const result: unknown = (memory as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(...given)
    return Buffer.isBuffer(result) ? result.toString('latin1') : (result ?? null)
  } catch (error) {
    return ['error', (error as Error).name]
  }
}

function randomStep(below: (limit: number) => number, size: number): Step {
  const place = (): number => below(size + 20) - 10
  const text = (length: number): string => Array.from({ length }, () => 'ab\n\xff'[below(4)]).join('')
  const place2 = (): number | null => (below(4) === 0 ? null : place())
  const steps: readonly (() => Step)[] = [
    () => ['read', below(3) === 0 ? null : below(2000) - 5],
    () => ['read_byte'],
    () => ['readline'],
    () => ['write', text(below(30))],
    () => ['write_byte', below(256)],
    () => ['find', text(below(4)), place(), place()],
    () => ['find', text(1 + below(3))],
    () => ['rfind', text(below(4)), place(), place()],
    () => ['rfind', text(1)],
    () => ['move', place(), place(), below(size)],
    () => ['seek', place(), below(3)],
    () => ['tell'],
    () => ['size'],
    () => ['length'],
    () => ['at', place()],
    () => ['set', place(), below(256)],
    () => ['slice', place2(), place2()],
    () => {
      const start = below(size)
      return ['set_slice', start, start + 5, text(5 - below(2))]
    },
    () => ['flush'],
    () => ['flush', below(3) * 4096, below(100)],
    () => ['madvise', [0, 1, 2, 3, 12345][below(5)] ?? 0, below(3) * 4096],
    () => (below(4) === 0 ? ['resize', below(3 * 4096)] : ['tell']),
    () => (below(60) === 0 ? ['close'] : ['tell']),
  ]
  return (steps[below(steps.length)] as () => Step)()
}

describe('a mapping of a file', () => {
  test('does what it does in Python, in random sequences of calls', { skip: noPython }, () => {
    const seed = seedOf(7)
    const below = random(seed)
    const sequences = Array.from({ length: share(300) }, () => {
      const size = [1, 10, 4096, 5000, 9000][below(5)] as number
      const content = Buffer.from(Array.from({ length: size }, () => 'ab\nx'.charCodeAt(below(4))))
      const access = [0, 1, 2, 3][below(4)] as number
      const offset = size > 4096 ? 4096 * below(2) : 0
      // Growth of a copy is refused in both, and shrinking below the offset is not tried.
      const steps = Array.from({ length: 40 }, () => randomStep(below, size - offset))
      return { content, access, offset, steps }
    })
    const theirs = askPython<unknown[]>(PYTHON, {
      input: JSON.stringify(
        sequences.map(({ content, access, offset, steps }) => [fileOf(content), access, offset, steps]),
      ),
    })
    let at = 0
    for (const { content, access, offset, steps } of sequences) {
      const path = fileOf(content)
      const fd = os.open(path, os.O_RDWR)
      const memory = new mmap.mmap(fd, 0, { access, offset })
      os.close(fd)
      for (const step of steps) {
        const [ours, python] = [outcome(memory, step), theirs[at++]]
        const label = `${JSON.stringify(step)} of ${content.length} bytes, access ${access}, seed ${seed}`
        if (Array.isArray(ours) && Array.isArray(python)) {
          assert.ok(NAMES[ours[1] as string]?.includes(python[1]), `${label}: ${ours[1]}, Python: ${python[1]}`)
        } else assert.deepEqual(ours, python, label)
      }
      assert.equal(readFileSync(path, 'latin1'), theirs[at++], 'the file')
      memory.close()
    }
  })

  test('can be larger than a call copies or searches at a time', () => {
    const size = 3_000_001
    const content = Buffer.alloc(size, 'abc')
    content.write('needle', 2 ** 18 - 3)
    content.write('needle', size - 6)
    const memory = mapped(content)
    const needle = bytes('needle')
    assert.equal(memory.find(needle), 2 ** 18 - 3)
    assert.equal(memory.find(needle, 2 ** 18 - 2), size - 6)
    assert.equal(memory.find(needle, 0, 2 ** 18 + 2), -1)
    assert.equal(memory.rfind(needle), size - 6)
    assert.equal(memory.rfind(needle, 0, size - 1), 2 ** 18 - 3)
    assert.equal(memory.rfind(content), 0)
    assert.ok(memory.read().equals(content))
    memory.move(7, 0, size - 7)
    content.copyWithin(7, 0, size - 7)
    assert.ok(memory.slice().equals(content))
    memory.move(0, 100_000, size - 100_000)
    content.copyWithin(0, 100_000)
    assert.ok(memory.slice().equals(content))
    assert.ok(Buffer.from([...memory]).equals(content))
    memory.close()
  })

  test('has 64-bit sizes and offsets', () => {
    const fd = os.open(join(folder, 'sparse'), os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 2n ** 33n + 4n)
    const memory = new mmap.mmap(fd, 0)
    memory.set(-1, 7)
    assert.deepEqual([memory.length, memory.size(), memory.at(2 ** 33 + 3)], [2 ** 33 + 4, 2 ** 33 + 4, 7])
    assert.equal(memory.seek(-4, 2), 2 ** 33)
    assert.deepEqual([...memory.read()], [0, 0, 0, 7])
    const tail = new mmap.mmap(fd, 4, { offset: 2n ** 33n })
    assert.deepEqual([...tail.slice()], [0, 0, 0, 7])
    memory.close()
    tail.close()
    os.close(fd)
  })

  test('keeps a duplicate of the descriptor by default', () => {
    const before = os.listdir('/proc/self/fd').length
    const tracked = mapped('content')
    assert.equal(os.listdir('/proc/self/fd').length, before + 1)
    tracked.resize(3)
    assert.deepEqual([tracked.slice().toString(), tracked.size()], ['con', 3])
    const untracked = mapped('content', { trackfd: false })
    assert.equal(os.listdir('/proc/self/fd').length, before + 1)
    assert.throws(() => untracked.resize(3), RangeError)
    assert.throws(() => untracked.size(), RangeError)
    assert.equal(untracked.slice().toString(), 'content')
    {
      using _ = tracked
    }
    untracked.close()
    untracked.close()
    assert.ok(tracked.closed && untracked.closed)
    assert.equal(os.listdir('/proc/self/fd').length, before)
    for (const use of [() => tracked.length, () => tracked.read(), () => tracked.set(0, 1), () => tracked.view()])
      assert.throws(use, RangeError)
  })

  test('is refused as Python refuses it', () => {
    const empty = os.open(fileOf(''), os.O_RDWR)
    const fd = os.open(fileOf('x'.repeat(5000)), os.O_RDWR)
    const readonly = os.open(fileOf('x'), os.O_RDONLY)
    const { PROT_READ, MAP_PRIVATE, ACCESS_READ } = mmap
    assert.throws(() => new mmap.mmap(empty, 0), RangeError)
    assert.throws(() => new mmap.mmap(fd, 5001), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, { offset: 8192 }), RangeError)
    assert.throws(() => new mmap.mmap(fd, 10, { offset: 1 }), { code: 'EINVAL' })
    assert.throws(() => new mmap.mmap(fd, -1), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, { offset: -1 }), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, { access: 4 }), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, { access: ACCESS_READ, prot: PROT_READ }), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, MAP_PRIVATE, { access: ACCESS_READ }), RangeError)
    assert.throws(() => new mmap.mmap(fd, 0, { flags: 0x10 | MAP_PRIVATE }), RangeError, 'MAP_FIXED')
    assert.throws(() => new mmap.mmap(-1, 0), { code: 'EINVAL', syscall: 'mmap' })
    assert.throws(() => new mmap.mmap(1000, 1), { code: 'EBADF' })
    assert.throws(() => new mmap.mmap(readonly, 0), os.PermissionError)
    assert.throws(() => new mmap.mmap(fd, 2n ** 62n), os.OSError)
    assert.throws(() => new mmap.mmap(-1, 2n ** 62n), { code: 'ENOMEM' })
    for (const wrong of [undefined, null, 'a', {}, [], true]) {
      assert.throws(() => new mmap.mmap(wrong as never, 1), TypeError)
      assert.throws(() => new mmap.mmap(fd, wrong as never), TypeError)
      if (wrong !== undefined && wrong !== null)
        assert.throws(() => new mmap.mmap(fd, 0, { prot: wrong as never }), TypeError)
    }
    assert.throws(() => new mmap.mmap(fd, 0, { unknown: 1 } as never), TypeError)
    for (const one of [empty, fd, readonly]) os.close(one)
  })

  test('refuses wrong arguments of its methods', () => {
    const memory = mapped('content')
    const methods = ['find', 'rfind', 'write', 'write_byte', 'seek', 'at', 'resize', 'madvise', 'move'] as const
    for (const method of methods) {
      for (const wrong of [undefined, 'a', {}, [], true]) {
        assert.throws(() => Reflect.apply(memory[method], memory, [wrong, wrong, wrong]), TypeError, method)
      }
    }
    assert.throws(() => memory.set(0, 256), RangeError)
    assert.throws(() => memory.set(0, 0.5), RangeError)
    assert.throws(() => memory.at(Number.NaN), RangeError)
    assert.throws(() => Reflect.apply(memory.read, {}, []), TypeError)
    assert.equal(memory.slice().toString(), 'content')
    memory.close()
  })

  test('with copies stays in the process, and with reading only is not written', () => {
    const copy = mapped('content', { access: mmap.ACCESS_COPY })
    copy.write(bytes('CON'))
    assert.equal(copy.slice().toString(), 'CONtent')
    const fd = os.open(fileOf('content'), os.O_RDONLY)
    const reading = new mmap.mmap(fd, 0, { prot: mmap.PROT_READ })
    for (const write of [() => reading.write(bytes('x')), () => reading.write_byte(1), () => reading.move(0, 1, 2)])
      assert.throws(write, TypeError)
    for (const memory of [copy, reading]) {
      assert.throws(() => memory.view(), TypeError)
      memory.close()
    }
    os.close(fd)
  })
})

test('hooks see the mapping, and can refuse', () => {
  const events = askNode<unknown[]>(`
    import { mmap } from '${import.meta.resolve('osier/mmap')}'
    const events = []
    os.addaudithook((event, args) => { events.push([event, ...args]); throw new Error('no') })
    try { new mmap(-1, 10, { access: 3 }) } catch (error) { events.push(error.message) }
    console.log(JSON.stringify(events))`)
  assert.deepEqual(events, [['mmap.__new__', -1, 10, 3, 0], 'no'])
})
