import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Another process that holds a lock on a range of a file, until its standard input is closed. */
export async function holder(path: string, start: number, length: number): Promise<() => Promise<void>> {
  const program = `
    import os from '${import.meta.resolve('osier')}'
    const fd = os.open('${path}', os.O_RDWR)
    os.lseek(fd, ${start}, 0)
    os.lockf(fd, os.F_LOCK, ${length})
    console.log('locked')
    os.read(0, 1)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await exit
  }
}
