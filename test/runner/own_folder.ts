import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { isTestProcess } from './is_test_process.ts'

/** A test file starts in an empty folder of its own, so that what it leaves behind is not left in the project. */
if (isMainThread && isTestProcess()) {
  const folder = mkdtempSync(join(tmpdir(), 'osier-test-'))
  const owner = process.pid
  process.chdir(folder)
  process.on('exit', () => {
    // A forked child ends with the handlers of its parent.
    if (process.pid === owner) rmSync(folder, { recursive: true, force: true })
  })
}
