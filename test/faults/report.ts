/** Checks the outcomes of the calls under each fault, and formats them as tables. */

import { errnoNumbers } from '../../src/libc/facts.ts'

/** By call: its result as JSON, or the code or name of its error. */
export type Outcomes = Readonly<Record<string, string>>

export interface Report {
  /** Without a fault. */
  readonly usual: Outcomes
  /** By the error of a system call, or by fault. */
  readonly faults: Readonly<Record<string, Outcomes>>
}

/** The errors of failing system calls. The first two are usual in sandboxes; the last is unexpected. */
export const errors = { ENOSYS: errnoNumbers.ENOSYS, EPERM: errnoNumbers.EPERM, EIO: errnoNumbers.EIO }
export type ErrorName = keyof typeof errors

/** Calls that return a value instead of throwing the error. */
const answers: Readonly<Record<string, string>> = {
  access: 'false',
  'access, effective_ids': 'false',
  isatty: 'false',
  'path.exists': 'false',
  'path.isdir': 'false',
  // Names whose status cannot be read are left unresolved.
  'path.realpath': '"/link"',
}

/** The error that a call throws if the system call is missing. */
const lacking: Readonly<Record<string, string>> = { 'chmod, follow_symlinks: false': 'NotImplementedError' }

/** Outcomes of calls that are neither the usual result, nor the fault's error, nor a documented value. */
export function mistakes(usual: Outcomes, outcomes: Outcomes, allowed: readonly string[]): string[] {
  return Object.entries(outcomes)
    .filter(([call, outcome]) => {
      if (outcome === usual[call] || allowed.includes(outcome)) return false
      if (outcome === answers[call]) return false
      return !(allowed.includes('ENOSYS') && outcome === lacking[call])
    })
    .map(([call, outcome]) => `${call}: ${outcome} instead of ${usual[call]}`)
}

/** The calls whose outcome is not the usual one, by outcome. */
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

/** A table of system calls, with the calls of `os` that fail if they fail. */
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
