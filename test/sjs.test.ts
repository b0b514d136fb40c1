import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as osier from 'osier'
import os, * as named from 'osier/sjs'
import { temporaryFolder } from './support/folder.ts'
import { noFork, ownGroups } from './support/runtime.ts'
import { code, runSjs, wrongType } from './support/sjs.ts'

interface Fixture {
  /** Functions, and how many arguments must be given. */
  readonly functions: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, number>>
  readonly getters: readonly string[]
  readonly stat: Readonly<Record<string, 'number' | 'Date'>>
}

const fixture: Fixture = JSON.parse(readFileSync('test/fixtures/sjs.json', 'utf8'))
const exported: Readonly<Record<string, unknown>> = named
const folder = temporaryFolder()
const path = (name: string): string => join(folder, name)
const { run, printed } = runSjs(folder)

/** Calls with a pipe of its own, closed afterwards. */
function withPipe<T>(use: (r: number, w: number) => T): T {
  const [r, w] = os.pipe()
  try {
    return use(r, w)
  } finally {
    os.close(r)
    os.close(w)
  }
}

/** Calls with an open file, closed afterwards. */
function withFile<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } finally {
    os.close(fd)
  }
}

describe('the names', () => {
  test('every documented function is there, with its required arguments', () => {
    for (const [name, required] of Object.entries(fixture.functions)) {
      const found = exported[name]
      assert.equal(typeof found, 'function', name)
      assert.equal((found as () => unknown).length, required, name)
    }
  })

  test('every documented constant is there, with its value', () => {
    // O_SYNC and kin have the same numbers on x64 and arm64.
    for (const [name, value] of Object.entries(fixture.constants)) assert.equal(exported[name], value, name)
  })

  test('nothing else is there', () => {
    const documented = [...Object.keys(fixture.functions), ...Object.keys(fixture.constants)]
    assert.deepEqual(Object.keys(named).sort(), [...documented, 'OSError', 'default'].sort())
  })

  test('the default export has the same objects, and the getters', () => {
    const properties = os as unknown as Readonly<Record<string, unknown>>
    for (const name of Object.keys(named)) if (name !== 'default') assert.equal(properties[name], exported[name], name)
    const names = [...Object.keys(named).filter((name) => name !== 'default'), ...fixture.getters]
    assert.deepEqual(Object.keys(os).sort(), names.sort())
    for (const name of fixture.getters) assert.ok(Object.getOwnPropertyDescriptor(os, name)?.get, name)
  })

  test('S_ISLINK is S_ISLNK', () => {
    assert.equal(os.S_ISLINK, os.S_ISLNK)
  })
})

describe('open', () => {
  const meanings: readonly [flags: named.OpenFlags, access: number, file: 'kept' | 'emptied' | 'refused'][] = [
    ['r', os.O_RDONLY, 'kept'],
    ['rs', os.O_RDONLY | os.O_SYNC, 'kept'],
    ['sr', os.O_RDONLY | os.O_SYNC, 'kept'],
    ['r+', os.O_RDWR, 'kept'],
    ['rs+', os.O_RDWR | os.O_SYNC, 'kept'],
    ['sr+', os.O_RDWR | os.O_SYNC, 'kept'],
    ['w', os.O_WRONLY, 'emptied'],
    ['wx', os.O_WRONLY, 'refused'],
    ['xw', os.O_WRONLY, 'refused'],
    ['w+', os.O_RDWR, 'emptied'],
    ['wx+', os.O_RDWR, 'refused'],
    ['xw+', os.O_RDWR, 'refused'],
    ['a', os.O_WRONLY | os.O_APPEND, 'kept'],
    ['ax', os.O_WRONLY | os.O_APPEND, 'refused'],
    ['xa', os.O_WRONLY | os.O_APPEND, 'refused'],
    ['a+', os.O_RDWR | os.O_APPEND, 'kept'],
    ['ax+', os.O_RDWR | os.O_APPEND, 'refused'],
    ['xa+', os.O_RDWR | os.O_APPEND, 'refused'],
  ]

  for (const [flags, access, file] of meanings) {
    test(`'${flags}'`, () => {
      const there = path('there')
      writeFileSync(there, 'contents')
      if (file === 'refused') assert.throws(() => os.open(there, flags), code('EEXIST'))
      else os.close(os.open(there, flags))
      assert.equal(readFileSync(there, 'utf8'), file === 'emptied' ? '' : 'contents')

      const missing = path(`missing-${flags}`)
      if (flags.includes('r')) assert.throws(() => os.open(missing, flags), code('ENOENT'))
      const opened = flags.includes('r') ? there : missing
      withFile(os.open(opened, flags), (fd) => {
        const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
        const bits = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8)
        // O_LARGEFILE shows as well.
        const told = osier.O_ACCMODE | os.O_APPEND | os.O_SYNC | os.O_CLOEXEC
        assert.equal(bits & told, access | os.O_CLOEXEC)
      })
    })
  }

  test('flags may be a number', () => {
    withFile(os.open(path('number'), os.O_CREAT | os.O_RDWR), (fd) => {
      assert.equal(osier.get_inheritable(fd), false)
      assert.equal(os.write(fd, 'text'), 4)
    })
  })

  test('the mode is a number, octal digits, or 0o666, less the umask', () => {
    const program = `
      process.umask(0o022)
      const mode = (name, ...rest) => {
        const fd = os.open(name, 'wx', ...rest)
        const found = os.S_IMODE(os.fstat(fd).mode).toString(8)
        os.close(fd)
        return found
      }
      console.log(mode('m1'), mode('m2', undefined), mode('m3', null), mode('m4', 0o640), mode('m5', '600'))`
    assert.equal(printed(program), '644 644 644 640 600\n')
  })

  test('what cannot be meant is refused', () => {
    const call = os.open as (...given: unknown[]) => number
    for (const flags of ['', 'rw', 'x', 'R', 'r ', 'toString', '__proto__']) {
      assert.throws(
        () => call('/dev/null', flags),
        { name: 'RangeError', message: /must be a number or one of r, rs, .*, received '/ },
        flags,
      )
    }
    for (const flags of [undefined, null, true, {}, 1n]) assert.throws(() => call('/dev/null', flags), wrongType)
    for (const mode of ['', '8', '0o7', '-1', '77777777777777']) {
      assert.throws(() => call('/dev/null', 'r', mode), RangeError, mode)
    }
    for (const mode of [true, {}, 1n]) assert.throws(() => call('/dev/null', 'r', mode), wrongType)
    for (const name of [undefined, null, 1, {}]) assert.throws(() => call(name, 'r'), wrongType)
    assert.throws(() => call('a\0b', 'r'), RangeError)
  })
})

describe('descriptors', () => {
  test('pipe gives an array of two, which programs do not inherit', () => {
    withPipe((...ends) => {
      assert.deepEqual(ends.map(osier.get_inheritable), [false, false])
    })
    const ends = os.pipe()
    assert.ok(Array.isArray(ends))
    assert.equal(ends.length, 2)
    for (const fd of ends) os.close(fd)
  })

  test('write takes text and bytes, read gives bytes or fills a Buffer', () => {
    withPipe((r, w) => {
      assert.equal(os.write(w, 'häß'), 5)
      assert.deepEqual(os.read(r), Buffer.from('häß'))
      assert.equal(os.write(w, Buffer.from([1, 2, 3])), 3)
      assert.deepEqual(os.read(r, 2), Buffer.from([1, 2]))
      const buffer = Buffer.alloc(4, 0xff)
      assert.equal(os.read(r, buffer), 1)
      assert.deepEqual(buffer, Buffer.from([3, 0xff, 0xff, 0xff]))
      assert.equal(os.write(w, new Uint16Array([0x0102])), 2)
      const view = new DataView(new ArrayBuffer(8), 2, 4)
      assert.equal(os.read(r, view), 2)
      assert.equal(view.getUint16(0, true), 0x0102)
    })
  })

  test('read reads 4096 bytes, or as many as it is told', () => {
    writeFileSync(path('long'), Buffer.alloc(10_000, 7))
    withFile(os.open(path('long'), 'r'), (fd) => {
      assert.equal(os.read(fd).length, 4096)
      assert.equal(os.read(fd, undefined).length, 4096)
      assert.equal(os.read(fd, 0).length, 0)
      assert.equal(os.read(fd, null).length, 10_000 - 2 * 4096)
      assert.deepEqual(os.read(fd), Buffer.alloc(0))
      assert.equal(os.read(fd, Buffer.alloc(1)), 0)
    })
  })

  test('read refuses what is no amount and no memory', () => {
    withPipe((r) => {
      const call = os.read as (...given: unknown[]) => unknown
      for (const amount of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        assert.throws(() => call(r, amount), RangeError)
      for (const amount of ['1', true, {}, [], new ArrayBuffer(4)]) assert.throws(() => call(r, amount), wrongType)
      assert.throws(() => call(r, Buffer.alloc(0)), {
        name: 'RangeError',
        message: /"nread" argument must not be empty/,
      })
      assert.throws(() => call('0'), wrongType)
    })
  })

  test('write gives names back their bytes, and refuses other lone surrogates', () => {
    withPipe((r, w) => {
      assert.equal(os.write(w, 'caf\udce9'), 4)
      assert.deepEqual(os.read(r), Buffer.from('caf\xe9', 'latin1'))
      assert.throws(() => os.write(w, '\ud800'), RangeError)
      for (const data of [undefined, null, 1, [1], {}]) {
        assert.throws(() => (os.write as (fd: number, data: unknown) => number)(w, data), wrongType)
      }
    })
  })

  test('dup gives the lowest free descriptor, which programs do not inherit', () => {
    withPipe((r) => {
      const copies = [os.dup(r), os.dup(r)] as const
      os.close(copies[0])
      const again = os.dup(r)
      assert.equal(again, copies[0])
      assert.equal(osier.get_inheritable(again), false)
      os.close(again)
      os.close(copies[1])
    })
  })

  test('dup2 makes what programs do not inherit, unless told otherwise', () => {
    withPipe((r, w) => {
      const target = os.dup(w)
      for (const [cloexec, inheritable] of [
        [undefined, false],
        [null, false],
        [true, false],
        [false, true],
      ] as const) {
        assert.equal(os.dup2(r, target, cloexec), target)
        assert.equal(osier.get_inheritable(target), inheritable, String(cloexec))
      }
      assert.equal(os.fstat(target).ino, os.fstat(r).ino)
      os.close(target)
      assert.throws(() => os.dup2(r, r), code('EINVAL'))
      assert.equal(os.dup2(r, r, false), r)
      assert.throws(() => os.dup2(-1, r), code('EBADF'))
      for (const cloexec of [0, 1, '', {}]) {
        assert.throws(() => (os.dup2 as (...given: unknown[]) => number)(r, w, cloexec), wrongType)
      }
    })
  })

  test('cloexec sets and clears the flag', () => {
    withPipe((r) => {
      assert.equal(os.cloexec(r, false), undefined)
      assert.equal(osier.get_inheritable(r), true)
      os.cloexec(r, true)
      assert.equal(osier.get_inheritable(r), false)
    })
  })

  test('nonblock sets and clears the flag', () => {
    withPipe((r) => {
      assert.equal(os.nonblock(r, true), undefined)
      assert.equal(osier.get_blocking(r), false)
      assert.throws(() => os.read(r), code('EAGAIN'))
      os.nonblock(r, false)
      assert.equal(osier.get_blocking(r), true)
    })
  })

  test('cloexec and nonblock want a boolean and an open descriptor', () => {
    for (const call of [os.cloexec, os.nonblock] as ((...given: unknown[]) => void)[]) {
      withPipe((r) => {
        for (const set of [undefined, null, 0, 1, 'true']) assert.throws(() => call(r, set), wrongType)
      })
      assert.throws(() => call(-1, true), code('EBADF'))
      assert.throws(() => call('0', true), wrongType)
    }
  })

  test('close closes', () => {
    const [r, w] = os.pipe()
    os.close(w)
    assert.equal(os.read(r).length, 0)
    os.close(r)
    assert.throws(() => os.close(-1), code('EBADF'))
  })
})

describe('terminals', () => {
  test('a pty is one, and has a name', () => {
    const [master, slave] = osier.openpty()
    assert.equal(os.isatty(slave), true)
    assert.match(os.ttyname(slave), /^\/dev\/(pts\/|tty)/)
    assert.equal(os.S_ISCHR(os.stat(os.ttyname(slave)).mode), true)
    os.close(slave)
    os.close(master)
  })

  test('anything else is none', () => {
    withPipe((r) => {
      assert.equal(os.isatty(r), false)
      assert.throws(() => os.ttyname(r), code('ENOTTY'))
    })
    assert.equal(os.isatty(-1), false)
    assert.throws(() => os.ttyname(-1), code('EBADF'))
  })
})

describe('files', () => {
  test('stat has the documented fields, of the documented types', () => {
    for (const status of [os.stat('/'), withFile(os.open('/', 'r'), os.fstat)]) {
      const fields: Readonly<Record<string, unknown>> = { ...status }
      assert.deepEqual(Object.keys(fields).sort(), Object.keys(fixture.stat).sort())
      for (const [name, type] of Object.entries(fixture.stat)) {
        if (type === 'Date') assert.ok(fields[name] instanceof Date, name)
        else if (name !== 'ino') assert.equal(typeof fields[name], type, name)
      }
    }
  })

  test('stat tells what osier tells', () => {
    const file = path('status')
    writeFileSync(file, 'twelve bytes')
    utimesSync(file, 1_600_000_000.25, 1_700_000_000.5)
    const wanted = osier.stat(file)
    const found = os.stat(file)
    for (const name of ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blksize', 'blocks'] as const) {
      assert.equal(found[name], wanted[`st_${name}`], name)
    }
    assert.equal(BigInt(found.ino), wanted.st_ino)
    assert.deepEqual([found.flags, found.gen], [0, 0])
    assert.deepEqual([found.atime.getTime(), found.mtime.getTime()], [1_600_000_000_250, 1_700_000_000_500])
    assert.equal(found.ctime.getTime(), Number(wanted.st_ctime_ns / 1_000_000n))
    const born = osier.statx(file, osier.STATX_BTIME).stx_btime_ns ?? wanted.st_ctime_ns
    assert.equal(found.birthtime.getTime(), Number(born / 1_000_000n))
    assert.deepEqual(withFile(os.open(file, 'r'), os.fstat), found)
  })

  test('sizes are not cut, and times before 1970 are rounded down', () => {
    const file = path('large')
    writeFileSync(file, '')
    truncateSync(file, 2 ** 33 + 1)
    osier.utime(file, { ns: [-1n, -1_000_000n] })
    const { size, atime, mtime } = os.stat(file)
    assert.deepEqual([size, atime.getTime(), mtime.getTime()], [2 ** 33 + 1, -1, -1])
  })

  test('stat follows links', () => {
    symlinkSync('nowhere', path('broken'))
    assert.throws(() => os.stat(path('broken')), code('ENOENT'))
    symlinkSync('.', path('link'))
    assert.equal(os.S_ISDIR(os.stat(path('link')).mode), true)
  })

  test('stat wants a path, fstat a descriptor', () => {
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.stat(value as unknown as string), wrongType)
    for (const value of [undefined, null, '0', {}]) assert.throws(() => os.fstat(value as unknown as number), wrongType)
    assert.throws(() => os.fstat(-1), code('EBADF'))
    // To the kernel the current directory has this number.
    assert.throws(() => os.fstat(-100), code('EBADF'))
  })

  test('the type is read from the mode', () => {
    const types = {
      S_IFDIR: os.S_ISDIR,
      S_IFCHR: os.S_ISCHR,
      S_IFBLK: os.S_ISBLK,
      S_IFREG: os.S_ISREG,
      S_IFIFO: os.S_ISFIFO,
      S_IFLNK: os.S_ISLNK,
      S_IFSOCK: os.S_ISSOCK,
    } as const
    for (const name of Object.keys(types) as (keyof typeof types)[]) {
      for (const [other, is] of Object.entries(types)) assert.equal(is(os[name] | 0o7777), name === other, other)
      assert.equal(os.S_IMODE(os[name] | 0o4751), 0o4751)
    }
    assert.equal(os.S_ISCHR(os.stat('/dev/null').mode), true)
    withPipe((r) => assert.equal(os.S_ISFIFO(os.fstat(r).mode), true))
  })

  test('scandir gives names in the order of their bytes', () => {
    const directory = path('listed')
    mkdirSync(directory)
    const names = ['b', 'a', 'B', '.hidden', '\u{1f600}', '\ufffd', 'é', 'caf\udce9']
    for (const name of names) os.close(os.open(osier.path.join(directory, name), 'w'))
    const sorted = ['.hidden', 'B', 'a', 'b', 'caf\udce9', 'é', '\ufffd', '\u{1f600}']
    assert.deepEqual(os.scandir(directory), sorted)
    assert.deepEqual(
      os.scandir(Buffer.from(directory)),
      sorted.map((name) => osier.fsencode(name)),
    )
  })

  test('scandir wants a directory', () => {
    assert.throws(() => os.scandir(path('no such')), code('ENOENT'))
    assert.throws(() => os.scandir('/dev/null'), code('ENOTDIR'))
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.scandir(value as unknown as string), wrongType)
  })

  test('unlink removes', () => {
    writeFileSync(path('doomed'), '')
    assert.equal(os.unlink(path('doomed')), undefined)
    assert.throws(() => os.unlink(path('doomed')), code('ENOENT'))
  })

  test('chdir changes cwd', () => {
    const before = os.cwd
    assert.equal(before, process.cwd())
    try {
      assert.equal(os.chdir('/proc'), undefined)
      assert.deepEqual([os.cwd, process.cwd()], ['/proc', '/proc'])
    } finally {
      os.chdir(before)
    }
    assert.throws(() => os.chdir(path('no such')), code('ENOENT'))
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.chdir(value as unknown as string), wrongType)
  })

  test('cwd throws where the directory is gone', () => {
    const program = `
      import { mkdirSync, rmdirSync } from 'node:fs'
      mkdirSync('gone')
      os.chdir('gone')
      rmdirSync('../gone')
      try { os.cwd } catch (error) { console.log(error.code, error.errno) }`
    assert.equal(printed(program), 'ENOENT 2\n')
  })
})

describe('urandom', () => {
  test('gives as many bytes as asked for', () => {
    for (const size of [1, 16, 100_000]) assert.equal(os.urandom(size).length, size)
    assert.ok(!os.urandom(32).equals(os.urandom(32)))
  })

  test('fills a view, all of it and nothing else, and returns it', () => {
    for (const size of [1, 300, 65_536, 200_000]) {
      const memory = Buffer.alloc(size + 2)
      const part = memory.subarray(1, -1)
      assert.equal(os.urandom(part), part)
      assert.deepEqual([memory[0], memory.at(-1)], [0, 0])
      // That the last sixteen bytes of what is drawn are all zero does not happen.
      if (size >= 16) assert.ok(part.subarray(-16).some((byte) => byte !== 0))
    }
    const floats = new Float64Array(2)
    assert.equal(os.urandom(floats), floats)
    assert.ok(new Uint8Array(floats.buffer).some((byte) => byte !== 0))
  })

  test('refuses nothing, and what is neither', () => {
    const call = os.urandom as (bytes: unknown) => unknown
    for (const bytes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Buffer.alloc(0)]) {
      assert.throws(() => call(bytes), RangeError)
    }
    for (const bytes of [undefined, null, '1', true, {}, 1n, new ArrayBuffer(1)])
      assert.throws(() => call(bytes), wrongType)
  })
})

describe('the process', () => {
  test('the ids are those that Node tells', () => {
    assert.deepEqual([os.getpid(), os.getppid()], [process.pid, process.ppid])
    assert.deepEqual(
      [os.getuid(), os.geteuid(), os.getgid(), os.getegid()],
      [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()],
    )
    assert.deepEqual(os.getgroups(), osier.getgroups())
  })

  test('the ids can be set to what they are', () => {
    assert.equal(os.setuid(os.getuid()), undefined)
    assert.equal(os.setgid(os.getgid()), undefined)
  })

  const notRoot = process.getuid?.() === 0 ? false : 'only root may set groups'
  test('setgroups sets them', { skip: notRoot }, () => {
    assert.equal(printed('os.setgroups([3, 5]); console.log(String(os.getgroups()))'), '3,5\n')
  })

  test('setgroups without groups drops none', () => {
    const before = os.getgroups()
    for (const groups of [undefined, null, 1, {}]) {
      assert.throws(() => os.setgroups(groups as unknown as number[]), wrongType)
    }
    assert.deepEqual(os.getgroups(), before)
  })

  test('setsid gives the id of the session', { skip: ownGroups }, () => {
    assert.equal(printed('console.log(os.setsid() === process.pid)'), 'true\n')
    const twice = 'os.setsid(); try { os.setsid() } catch (error) { console.log(error.code) }'
    assert.equal(printed(twice), 'EPERM\n')
  })

  test('exit ends it, with 0 or what is given, and runs what is to run at the end', () => {
    const ending = `process.on('exit', (code) => process.stdout.write('exit ' + code + ' '))\n`
    for (const [call, status] of [
      ['os.exit()', 0],
      ['os.exit(null)', 0],
      ['os.exit(7)', 7],
    ] as const) {
      const { status: found, stdout } = run(`${ending} setInterval(() => {}, 1000); ${call}; console.log('after')`)
      assert.deepEqual([found, stdout], [status, `exit ${status} `], call)
    }
    assert.throws(() => os.exit('1' as unknown as number), wrongType)
    assert.throws(() => os.exit(0.5), RangeError)
  })

  test('_exit ends it at once', () => {
    const { status, stdout } = run(`process.on('exit', () => console.log('exit')); os._exit(9)`)
    assert.deepEqual([status, stdout], [9, ''])
    assert.throws(() => (os._exit as () => never)(), wrongType)
  })

  test('abort ends it by SIGABRT', () => {
    assert.equal(
      spawnSync('/bin/sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, '-e', ABORT]).signal,
      'SIGABRT',
    )
  })
})

const ABORT = `import('${import.meta.resolve('osier/sjs')}').then(({ abort }) => abort())`

describe('waitpid', () => {
  test('tells how a child has ended', () => {
    const exited = os.waitpid(osier.spawnv(osier.P_NOWAIT, '/bin/sh', ['sh', '-c', 'exit 3']))
    assert.deepEqual(Object.keys(exited), ['pid', 'status'])
    assert.deepEqual([os.WIFEXITED(exited.status), os.WEXITSTATUS(exited.status)], [true, 3])
    assert.deepEqual([os.WIFSIGNALED(exited.status), os.WIFSTOPPED(exited.status)], [false, false])
    const pid = osier.spawnv(osier.P_NOWAIT, '/bin/sh', ['sh', '-c', 'kill -9 $$'])
    const killed = os.waitpid(pid, 0)
    assert.equal(killed.pid, pid)
    assert.deepEqual([os.WIFEXITED(killed.status), os.WIFSIGNALED(killed.status)], [false, true])
    assert.equal(os.WTERMSIG(killed.status), 9)
  })

  test('tells of stopped and continued children, and of none', () => {
    const pid = osier.spawnv(osier.P_NOWAIT, '/bin/sleep', ['sleep', '1000'])
    try {
      assert.deepEqual(os.waitpid(pid, os.WNOHANG), { pid: 0, status: 0 })
      process.kill(pid, 'SIGSTOP')
      const stopped = os.waitpid(pid, os.WUNTRACED)
      assert.equal(stopped.pid, pid)
      assert.equal(os.WIFSTOPPED(stopped.status), true)
      assert.equal(os.WSTOPSIG(stopped.status), 19)
      process.kill(pid, 'SIGCONT')
      assert.equal(os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED).status), true)
    } finally {
      process.kill(pid, 'SIGKILL')
      assert.equal(os.WTERMSIG(os.waitpid(pid).status), 9)
    }
    assert.throws(() => os.waitpid(pid), code('ECHILD'))
  })

  test('refuses what is no number', () => {
    const call = os.waitpid as (...given: unknown[]) => unknown
    for (const pid of [undefined, null, '1', {}]) assert.throws(() => call(pid), wrongType)
    for (const options of ['0', true, {}]) assert.throws(() => call(-1, options), wrongType)
    for (const status of [undefined, null, '0'])
      assert.throws(() => os.WIFEXITED(status as unknown as number), wrongType)
  })
})

describe('fork', { skip: noFork }, () => {
  test('both sides go on, and waitpid tells how the child has ended', () => {
    const program = `
      const [r, w] = os.pipe()
      const pid = os.fork()
      if (pid === 0) {
        os.write(w, 'child of ' + os.getppid())
        os._exit(4)
      }
      const ended = os.waitpid(pid)
      console.log(
        os.read(r).toString() === 'child of ' + os.getpid(),
        ended.pid === pid,
        os.WIFEXITED(ended.status),
        os.WEXITSTATUS(ended.status),
      )`
    assert.equal(printed(program), 'true true true 4\n')
  })

  test('a child may exit and be another program', () => {
    const program = `
      const first = os.fork()
      if (first === 0) os.exit(5)
      const second = os.fork()
      if (second === 0) os.execv('/bin/sh', ['sh', '-c', 'exit 6'])
      console.log(os.WEXITSTATUS(os.waitpid(first).status), os.WEXITSTATUS(os.waitpid(second).status))`
    assert.equal(printed(program), '5 6\n')
  })
})
