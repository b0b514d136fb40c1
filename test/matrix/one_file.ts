/**
 * Runs one test file whose `node:test` is the harness: `one_file.js FILE REPORT NODE [worker]`. NODE is what starts this
 * runtime with Node's command line; the tests start their children by it.
 */

// Before all else: what is open now is what may be open at the end.
import '../support/descriptors.ts'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { runAll } from './harness.ts'

interface Task {
  readonly file: string
  readonly report: string
  readonly node: string
}

async function run({ file, report, node }: Task): Promise<void> {
  process.execPath = node
  await import(pathToFileURL(resolve(file)).href)
  await runAll(report)
}

const [file = '', report = '', node = '', where] = process.argv.slice(2)
if (!isMainThread) await run(workerData as Task)
else if (where === 'worker') {
  const task: Task = { file, report, node }
  new Worker(new URL(import.meta.url), { workerData: task }).on('error', (error) => {
    console.error(error)
    process.exitCode = 1
  })
} else await run({ file, report, node })
