/**
 * Runs one test file whose `node:test` is the harness: `one_file.js FILE REPORT NODE [worker]`. NODE is the command
 * that accepts Node's command line in this runtime; the tests start their children with it.
 */

// First of all: only descriptors that are open now may be open at the end.
import '../runner/test_process.ts'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread, MessageChannel, Worker, workerData } from 'node:worker_threads'
import { repository } from '../../tools/repository.ts'
import { runAll } from './harness.ts'
import { askMainThread, type Connection, serve } from './main_thread.ts'
import { refusalsIn } from './refusals.ts'

interface Task {
  readonly file: string
  readonly report: string
  readonly node: string
  readonly connection?: Connection
}

async function run({ file, report, node, connection }: Task): Promise<void> {
  process.execPath = node
  if (connection !== undefined) askMainThread(connection)
  await import(pathToFileURL(resolve(repository, file)).href)
  await runAll(report, refusalsIn(file))
  connection?.port.close()
}

const [file = '', report = '', node = '', where] = process.argv.slice(2)
if (!isMainThread) await run(workerData as Task)
else if (where === 'worker') {
  const { port1, port2 } = new MessageChannel()
  const answered = new Int32Array(new SharedArrayBuffer(4))
  serve({ port: port1, answered })
  const task: Task = { file, report, node, connection: { port: port2, answered } }
  new Worker(new URL(import.meta.url), { workerData: task, transferList: [port2] }).on('error', (error) => {
    console.error(error)
    process.exitCode = 1
  })
} else await run({ file, report, node })
