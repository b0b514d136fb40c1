import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { askNode } from './support/child.ts'
import { temporaryFolder } from './support/folder.ts'
import { askPython, noPython } from './support/python.ts'

const folder = temporaryFolder()

/** Runs a program in an empty folder, with `heard`: the events and arguments of a hook. */
function heardIn<T>(program: string): T {
  const place = mkdtempSync(join(folder, 'place-'))
  return askNode<T>(`
    process.chdir(${JSON.stringify(place)})
    const heard = []
    os.addaudithook((event, args) => heard.push([event, ...args]))
    /** Answers once with the first value, and then with the second. */
    const changing = (first, second) => { let asked = 0; return () => asked++ === 0 ? first : second }
    ${program}
  `)
}

describe('a hook gets the values that the call uses', () => {
  test('a PathLike is asked once', () => {
    const outcome = heardIn<unknown>(`
      os.mkdir({ __fspath__: changing('first', 'second') })
      await os.promises.mkdir({ __fspath__: changing('third', 'fourth') })
      os.rename({ __fspath__: changing('third', 'x') }, { __fspath__: changing('fifth', 'y') })
      console.log(JSON.stringify({ heard: heard.slice(), made: os.listdir().sort() }))
    `)
    assert.deepEqual(outcome, {
      heard: [
        ['os.mkdir', 'first', 0o777, -1],
        ['os.mkdir', 'third', 0o777, -1],
        ['os.rename', 'third', 'fifth', -1, -1],
      ],
      made: ['fifth', 'first'],
    })
  })

  test('an option with a getter is read once', () => {
    const outcome = heardIn<unknown>(`
      os.mkdir('there')
      const fd = os.open('there', os.O_RDONLY)
      const read = changing(fd, null)
      os.mkdir('inner', { get dir_fd() { return read() } })
      console.log(JSON.stringify({ fd: heard.at(-1)[3] === fd, made: os.listdir('there') }))
    `)
    assert.deepEqual(outcome, { fd: true, made: ['inner'] })
  })

  test('bytes that the hook changes are a copy', () => {
    const outcome = heardIn<unknown>(`
      const name = Buffer.from('name')
      os.addaudithook((event, args) => { for (const arg of args) if (arg instanceof Uint8Array) arg.fill(0x78) })
      os.mkdir(name)
      os.listdir(Buffer.from('name'))
      const walked = [...os.walk(name)].length
      console.log(JSON.stringify({ name: name.toString(), made: os.listdir(), walked }))
    `)
    assert.deepEqual(outcome, { name: 'name', made: ['name'], walked: 1 })
  })

  test('the arguments and the environment of a program are read once, and what the hook gets is frozen', () => {
    const outcome = heardIn<{ out: string[]; heard: unknown; frozen: boolean }>(`
      const out = []
      const argument = () => new Proxy(['sh', '-c', 'x'], {
        get(target, key) { return key === '2' ? this.third() : Reflect.get(target, key) },
        third: changing('echo first$VALUE > out', 'echo second$VALUE > out'),
      })
      const environment = () => { const value = changing('One', 'Two'); return { get VALUE() { return value() } } }
      const run = async (start) => {
        await start()
        const fd = os.open('out', os.O_RDONLY)
        out.push(os.read(fd, 100).toString().trim())
        os.close(fd)
      }
      let frozen = true
      os.addaudithook((event, args) => {
        frozen &&= Object.isFrozen(args)
        if (event === 'os.posix_spawn' || event === 'os.spawn') frozen &&= args.slice(-2).every(Object.isFrozen)
      })
      await run(() => os.waitpid(os.posix_spawn('/bin/sh', argument(), environment()), 0))
      await run(() => os.spawnve(os.P_WAIT, '/bin/sh', argument(), environment()))
      await run(() => os.promises.spawnvpe(os.P_WAIT, '/bin/sh', argument(), environment()))
      await run(() => os.spawnve(os.P_WAIT, '/bin/sh', argument(), new Set([['VALUE', 'None'], ['VALUE', 'One']])))
      console.log(JSON.stringify({ out, frozen, heard: heard.filter(([event]) => /spawn/.test(event)) }))
    `)
    const argv = ['sh', '-c', 'echo first$VALUE > out']
    assert.deepEqual(outcome, {
      out: ['firstOne', 'firstOne', 'firstOne', 'firstOne'],
      frozen: true,
      heard: [
        ['os.posix_spawn', '/bin/sh', argv, { VALUE: 'One' }],
        ['os.spawn', 0, '/bin/sh', argv, { VALUE: 'One' }],
        ['os.spawn', 0, '/bin/sh', argv, { VALUE: 'One' }],
        ['os.spawn', 0, '/bin/sh', argv, { VALUE: 'One' }],
      ],
    })
  })

  test('sjs reads the arguments and the environment of a program once, also where it searches for it', () => {
    const outcome = heardIn<unknown>(`
      const { execvpe } = await import('${import.meta.resolve('osier/sjs')}')
      const value = changing('/missing1:/missing2', '/usr/bin:/bin')
      try { execvpe('true', ['true'], { get PATH() { return value() } }) } catch (error) { heard.push(error.code) }
      console.log(JSON.stringify(heard))
    `)
    assert.deepEqual(outcome, [
      ['os.exec', '/missing1/true', ['true'], { PATH: '/missing1:/missing2' }],
      ['os.exec', '/missing2/true', ['true'], { PATH: '/missing1:/missing2' }],
      'ENOENT',
    ])
  })

  test('utime, with a pair that changes', () => {
    const outcome = heardIn<unknown>(`
      os.mkdir('folder')
      const second = changing(2, 3)
      const times = new Proxy([1, 2], { get: (target, key) => key === '1' ? second() : Reflect.get(target, key) })
      os.utime('folder', times)
      console.log(JSON.stringify({ event: heard.at(-1), mtime: os.stat('folder').st_mtime }))
    `)
    assert.deepEqual(outcome, { event: ['os.utime', 'folder', [1, 2], null, -1], mtime: 2 })
  })
})

describe('popen and fwalk', () => {
  const PYTHON = `
import json, os, subprocess, sys
heard = []
def hook(event, args):
    if event == 'subprocess.Popen' or event in ('os.fwalk', 'os.scandir', 'open') and 'top' in args or args[:1] == ('inner',):
        heard.append([event, *args[:-1]] if event == 'open' else [event, *args])
os.makedirs('top/inner')
sys.addaudithook(hook)
os.popen('exit 3').close()
list(os.fwalk('top'))
print(json.dumps(heard))
`

  test('raise the events of CPython, with its arguments', { skip: noPython }, () => {
    const place = mkdtempSync(join(folder, 'python-'))
    const theirs = askPython<unknown>(PYTHON, { cwd: place, input: '' })
    const ours = heardIn<readonly unknown[][]>(`
      os.makedirs('top/inner')
      heard.length = 0
      os.popen('exit 3').close()
      const file = await os.promises.popen('exit 3')
      await file.close()
      for (const step of os.fwalk('top'));
      for await (const step of os.promises.fwalk('top'));
      console.log(JSON.stringify(heard.filter(([event, first]) => event !== 'os.scandir' && typeof first === 'string')))
    `)
    // The flags of the open differ: osier adds O_DIRECTORY.
    const mine = ours.map((event) => (event[0] === 'open' ? event.slice(0, -1) : event))
    const popen = ['subprocess.Popen', '/bin/sh', ['/bin/sh', '-c', 'exit 3'], null, null]
    const walk = [
      ['os.fwalk', 'top', true, null, false, null],
      ['open', 'top', null],
      ['open', 'inner', null],
    ]
    assert.deepEqual(theirs, [popen, ...walk])
    assert.deepEqual(mine, [popen, popen, ...walk, ...walk])
  })

  test('a refused popen starts nothing and leaves no descriptor, also as a promise', () => {
    const outcome = askNode<unknown>(`
      process.chdir(${JSON.stringify(mkdtempSync(join(folder, 'place-')))})
      os.addaudithook((event) => { if (event === 'subprocess.Popen') throw new Error('refused') })
      const before = os.listdir('/proc/self/fd').length
      const errors = []
      try { os.popen('touch ran') } catch (error) { errors.push(error.message) }
      await os.promises.popen('touch ran').catch((error) => errors.push(error.message))
      const after = os.listdir('/proc/self/fd').length
      console.log(JSON.stringify({ errors, ran: os.path.exists('ran'), leak: after - before }))
    `)
    assert.deepEqual(outcome, { errors: ['refused', 'refused'], ran: false, leak: 0 })
  })
})
