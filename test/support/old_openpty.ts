import os from 'osier'
import * as errno from 'osier/errno'
import { openCount } from './open_files.ts'
import { forbid } from './seccomp.ts'

/** Makes a pseudo-terminal where the kernel refuses to open its terminal by ioctl, and prints what comes of it. */
const TIOCGPTPEER = 0x5441
const code = process.argv[2] ?? ''

for (const fd of os.openpty()) os.close(fd)
forbid('ioctl', Number(Reflect.get(errno, code)), [1, TIOCGPTPEER])
const before = openCount()
try {
  const [master, slave] = os.openpty()
  os.write(slave, Buffer.from('hello'))
  console.log(os.get_inheritable(master), os.get_inheritable(slave), os.read(master, 10).toString())
} catch (error) {
  if (!(error instanceof os.OSError)) throw error
  console.log(`${error.code}, ${openCount() - before} more open`)
}
