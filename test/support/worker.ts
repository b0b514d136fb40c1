import { once } from 'node:events'
import { type ResourceLimits, Worker } from 'node:worker_threads'

/** What a piece of JavaScript gives in a worker thread, where `os` is the package. It may await. */
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

/** A program in a `data:` URL has no place from which bare names could be resolved. */
function resolved(program: string): string {
  return program.replace(/from 'osier'/g, `from '${import.meta.resolve('osier')}'`)
}
