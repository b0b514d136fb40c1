/** What comes of the calls under each fault, whether that is right, and how it is written down. */

import { errnoNumbers } from '../../src/libc/facts.ts'

/** By call: its result as JSON, or the code or name of its error. */
export type Outcomes = Readonly<Record<string, string>>

export interface Report {
  /** As the system is. */
  readonly usual: Outcomes
  /** By the error of a system call, or the one fault. */
  readonly faults: Readonly<Record<string, Outcomes>>
}

/** How system calls fail. The first two are what sandboxes answer; the last is what nobody expects. */
export const errors = { ENOSYS: errnoNumbers.ENOSYS, EPERM: errnoNumbers.EPERM, EIO: errnoNumbers.EIO }
export type ErrorName = keyof typeof errors

/** Calls that have an answer in place of the error. */
const answers: Readonly<Record<string, string>> = {
  access: 'false',
  'access, effective_ids': 'false',
  isatty: 'false',
  'path.exists': 'false',
  'path.isdir': 'false',
  // Names that cannot be asked about stay as they are.
  'path.realpath': '"/link"',
}

/** What a call answers to the lack of a system call. */
const lacking: Readonly<Record<string, string>> = { 'chmod, follow_symlinks: false': 'NotImplementedError' }

/** What a call came to that is neither its usual result, nor the error of the fault, nor an answer of its own. */
export function mistakes(usual: Outcomes, outcomes: Outcomes, allowed: readonly string[]): string[] {
  return Object.entries(outcomes)
    .filter(([call, outcome]) => {
      if (outcome === usual[call] || allowed.includes(outcome)) return false
      if (outcome === answers[call]) return false
      return !(allowed.includes('ENOSYS') && outcome === lacking[call])
    })
    .map(([call, outcome]) => `${call}: ${outcome} instead of ${usual[call]}`)
}

/** The calls of which something else came than usual, by what came. */
function changes(usual: Outcomes, outcomes: Outcomes): Map<string, string[]> {
  const changed = new Map<string, string[]>()
  for (const [call, outcome] of Object.entries(outcomes)) {
    if (outcome !== usual[call]) changed.set(outcome, [...(changed.get(outcome) ?? []), call])
  }
  return changed
}

function describe(changed: ReadonlyMap<string, readonly string[]>): string {
  if (changed.size === 0) return 'all work'
  return Array.from(changed, ([outcome, calls]) => `\`${outcome}\`: ${calls.join('; ')}`).join('. ')
}

/** A table of system calls, and of the calls of `os` that fail where they do. */
export function syscallTable(reports: ReadonlyMap<string, Report>): string {
  const harmless: string[] = []
  const rows: string[] = []
  for (const [syscall, { usual, faults }] of reports) {
    const texts = Object.entries(faults).map(([error, outcomes]) => {
      return describe(changes(usual, outcomes)).replaceAll(`\`${error}\``, 'the error')
    })
    const [first = ''] = texts
    if (texts.every((text) => text === 'all work')) harmless.push(`\`${syscall}\``)
    else if (texts.every((text) => text === first)) rows.push(`| \`${syscall}\` | any | ${first} |`)
    else {
      for (const [index, error] of Object.keys(faults).entries()) {
        rows.push(`| \`${syscall}\` | \`${error}\` | ${texts[index]} |`)
      }
    }
  }
  const head = '| system call | fails with | what comes of it |\n| --- | --- | --- |\n'
  return `${head}${rows.join('\n')}\n\nAll calls work, whatever the error, without ${harmless.join(', ')}.`
}

/** A table of the other faults. */
export function situationTable(reports: ReadonlyMap<string, Report>): string {
  const rows = Array.from(reports, ([name, { usual, faults }]) => {
    const [outcomes = {}] = Object.values(faults)
    return `| ${name} | ${describe(changes(usual, outcomes))} |`
  })
  return `| fault | what comes of it |\n| --- | --- |\n${rows.join('\n')}`
}
