import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { repository } from '../../tools/repository.ts'
import { isTestProcess } from './is_test_process.ts'

/**
 * A test file starts in an empty folder of its own, so that what it leaves behind is not left in the project. The folder
 * is part of a project that has osier installed: programs that tests start there import it by its name.
 */
if (isMainThread && isTestProcess()) {
  const folder = mkdtempSync(join(tmpdir(), 'osier-test-'))
  const owner = process.pid
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(repository, join(folder, 'node_modules/osier'))
  mkdirSync(join(folder, 'here'))
  process.chdir(join(folder, 'here'))
  process.on('exit', () => {
    // A forked child ends with the handlers of its parent.
    if (process.pid === owner) rmSync(folder, { recursive: true, force: true })
  })
}
