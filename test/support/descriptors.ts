import { isMainThread } from 'node:worker_threads'
import { openFiles } from './open_files.ts'

/**
 * Loaded before every test file: what is open when the file's process starts must be all that is open when it ends.
 * It does not look in workers, which load this too: what is open belongs to the process, and main's may come and go.
 */
const before = openFiles()

process.on('exit', () => {
  if (!isMainThread) return
  const leaked = [...openFiles()].filter((file) => !before.has(file))
  if (leaked.length === 0) return
  console.error(`descriptors left open: ${leaked.join(', ')}`)
  process.exitCode = 1
})
