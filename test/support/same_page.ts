import assert from 'node:assert/strict'
import { lineDifferences } from '../../tools/line_differences.ts'

/** How many lines of difference a failure prints. */
const SHOWN = 40

/**
 * Fails where a page that is generated is not as it stands in the project, with the lines that differ and not both pages.
 *
 * @param name the page, such as `docs/platforms.md`
 * @param command what writes it anew
 */
export function assertSamePage(written: string, fresh: string, name: string, command: string): void {
  const lines = lineDifferences(written, fresh)
  if (lines.length === 0) return
  const more = lines.length > SHOWN ? `\n... and ${lines.length - SHOWN} lines more` : ''
  assert.fail(`${name} is not what \`${command}\` writes:\n${lines.slice(0, SHOWN).join('\n')}${more}`)
}
