import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A new empty folder, removed after the tests of this file (or of the `describe` that asks). */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'osier-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
