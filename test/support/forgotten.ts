import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'
import { openCount } from './open_files.ts'

/** Run with --expose-gc: drops references to open files, and prints the outcome. The argument is the path of one. */
declare const gc: () => void

const warnings: string[] = []
process.removeAllListeners('warning')
process.on('warning', (warning) => warnings.push(warning.name))

const before = openCount()
const kept = os.open('/dev/null', os.O_RDWR)

function forget(): void {
  os.fdopen(os.open(process.argv[2] ?? '', os.O_WRONLY), 'w').write('written when collected')
  os.fdopen(os.open('/dev/null', os.O_RDONLY), 'rb').read(1)
  os.fdopen(kept, 'w', { closefd: false }).write('x')
  os.fdopen(os.open('/dev/null', os.O_RDONLY)).close()
}

forget()
for (let tries = 0; tries < 100 && openCount() > before + 1; tries++) {
  gc()
  await sleep(10)
}
os.fstat(kept)
console.log(JSON.stringify({ warnings, open: openCount() - before - 1, kept: true }))
