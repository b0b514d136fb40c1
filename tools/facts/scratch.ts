import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let scratch: string | undefined

/** A folder that is removed when the program ends. */
export function scratchFolder(): string {
  if (scratch !== undefined) return scratch
  const folder = mkdtempSync(join(tmpdir(), 'osier-facts-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  scratch = folder
  return folder
}
