import { isMainThread } from 'node:worker_threads'
import { openFiles } from './open_files.ts'

/**
 * Loaded before every test file: what is open when the file's process starts must be all that is open when it ends.
 * It does not look in workers, which load this too: what is open belongs to the process, and main's may come and go.
 */
const before = openFiles()

/** Other runtimes than Node keep copies of the standard streams, and sockets and pipes to children. */
function isOfRuntime(file: string): boolean {
  if (process.versions.bun === undefined && process.versions.deno === undefined) return false
  const target = file.slice(file.indexOf('>'))
  const isStandard = [0, 1, 2].some((fd) => before.has(`${fd} -${target}`))
  return isStandard || /-> (socket|pipe|anon_inode):/.test(file)
}

process.on('exit', () => {
  if (!isMainThread) return
  const leaked = [...openFiles()].filter((file) => !before.has(file) && !isOfRuntime(file))
  if (leaked.length === 0) return
  console.error(`descriptors left open: ${leaked.join(', ')}`)
  process.exitCode = 1
})
