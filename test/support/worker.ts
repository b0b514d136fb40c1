import { once } from 'node:events'
import { type ResourceLimits, Worker } from 'node:worker_threads'

/** The result of JavaScript code in a worker thread, where `os` is the package. The code may await. */
export async function inWorker<T>(code: string, workerData?: unknown, resourceLimits: ResourceLimits = {}): Promise<T> {
  const program = `
    import os from 'osier'
    import { parentPort, workerData } from 'node:worker_threads'
    const run = async () => { ${code} }
    parentPort.postMessage(await run())`
  const url = new URL(`data:text/javascript,${encodeURIComponent(resolved(program))}`)
  const worker = new Worker(url, { workerData, resourceLimits })
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return message as T
}

/** Bare specifiers cannot be resolved in a `data:` URL. */
function resolved(program: string): string {
  return program.replace(/from 'osier'/g, `from '${import.meta.resolve('osier')}'`)
}
