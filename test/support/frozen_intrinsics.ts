import assert from 'node:assert/strict'
import * as os from 'osier'
import * as micropython from 'osier/micropython'
import * as sjs from 'osier/sjs'

/** What the modules do, in short: for a process whose built-in objects are frozen. Prints the names of what has been done. */

/** The exit code of a child that runs `inChild`. */
function codeOf(pid: number, inChild: () => number): number {
  if (pid === 0) os._exit(inChild())
  return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
}

const { vfs } = micropython

const steps: Readonly<Record<string, () => unknown>> = {
  files: () => {
    os.mkdir('folder')
    os.close(os.open('folder/file', os.O_CREAT | os.O_WRONLY))
    assert.deepEqual([...os.walk('.')][1]?.[2], ['file'])
    assert.equal(os.stat('folder/file').st_size, 0)
    assert.deepEqual(
      [...os.scandir('folder')].map(({ name }) => name),
      ['file'],
    )
  },
  errors: () => {
    assert.throws(() => os.stat('missing'), os.FileNotFoundError)
    assert.equal(Object.assign(new os.OSError('text'), { filename: 'name' }).filename, 'name')
  },
  environment: () => {
    os.environ.OSIER_TEST = 'value'
    assert.equal(os.getenv('OSIER_TEST'), 'value')
  },
  'file objects': () => {
    using file = os.fdopen(os.open('folder/file', os.O_RDWR), 'r+')
    file.write('text\n')
    file.seek(0)
    assert.equal(file.readline(), 'text\n')
  },
  commands: () => {
    assert.equal(os.popen('echo hi').read(), 'hi\n')
    assert.equal(os.system('exit 3'), 3 << 8)
    assert.equal(os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'exit 4']), 4)
  },
  hooks: () => {
    let count = 0
    os.addaudithook(() => count++)
    os.listdir('.')
    assert.equal(count, 1)
  },
  promises: async () => {
    assert.equal((await os.promises.stat('folder/file')).st_size, 5)
    assert.equal(await os.promises.system('exit 3'), 3 << 8)
    const [r, w] = os.pipe()
    const read = os.promises.read(r, 10)
    os.write(w, Buffer.from('data'))
    assert.equal(String(await read), 'data')
    os.close(w)
    assert.deepEqual(await os.promises.toReadable(r).toArray(), [])
    await assert.rejects(os.promises.stat('.', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  },
  'virtual file systems': () => {
    for (const Class of [vfs.VfsFat, vfs.VfsLfs1, vfs.VfsLfs2]) {
      const device = new vfs.RamBlockDev(512, 128)
      Class.mkfs(device)
      vfs.mount(device, '/ram')
      micropython.mkdir('/ram/folder')
      assert.deepEqual(micropython.listdir('/ram'), ['folder'])
      vfs.umount('/ram')
    }
  },
  sjs: () => assert.equal(sjs.stat('folder/file').size, 5),
  fork: () => {
    os.register_at_fork({ before: () => undefined })
    assert.equal(
      codeOf(os.fork(), () => (process.pid === os.getpid() ? 7 : 8)),
      7,
    )
    const [pid, fd] = os.forkpty()
    assert.equal(
      codeOf(pid, () => (os.isatty(0) ? 7 : 8)),
      7,
    )
    os.close(fd)
  },
  'random numbers of children': () => {
    const numbers = Array.from({ length: 3 }, () => {
      const [r, w] = os.pipe()
      codeOf(os.fork(), () => os.write(w, Buffer.from(String(Math.random()))))
      os.close(w)
      const number = String(os.read(r, 100))
      os.close(r)
      return number
    })
    assert.equal(new Set([...numbers, String(Math.random())]).size, 4)
  },
}

for (const [name, step] of Object.entries(steps)) {
  await step()
  console.log(name)
}
console.log(Object.keys(steps).length)
