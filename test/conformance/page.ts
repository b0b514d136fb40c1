import { classes } from './all.ts'
import { omissions } from './omissions.ts'
import type { Behaviour, Omission, PythonClass } from './suite.ts'

/** What docs/conformance.md says of the behaviours. */

const HEAD = `<!-- Written by \`npm run conformance\`. -->

# Conformance with CPython's tests

CPython tests its \`os\`, and the modules around it. What those tests check (of CPython 3.11, on Linux) was read out of
them and written down afresh, class by class, in \`test/conformance\`: a *behaviour* is one statement about what a call does.
Each runs with the other tests, against the real system. Where a behaviour does not hold here, that is on purpose, the reason
stands below, and where something else holds instead, that is tested too.

Where Python raises ValueError or OverflowError, a behaviour holds if a RangeError is thrown here, as
[the differences](differences.md) say.
`

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** A table; its last columns, as many as `numbers` says, are of numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[], numbers = 0): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  const rule = head.map((_, column) => (column < head.length - numbers ? '---' : '--:'))
  return [head, rule, ...rows].map(line).join('\n')
}

function behavioursOf({ tests }: PythonClass): readonly Behaviour[] {
  return Object.values(tests).flat()
}

function held(behaviours: readonly Behaviour[]): number {
  return behaviours.filter(({ reason }) => reason === undefined).length
}

function summary(): string {
  const all = classes.flatMap(behavioursOf)
  const tests = classes.reduce((sum, { tests }) => sum + Object.keys(tests).length, 0)
  return `${all.length} behaviours, of ${tests} tests in ${classes.length} classes: ${held(all)} hold here, ${all.length - held(all)} do not.`
}

function counts(): string {
  const rows = classes.map((one) => {
    const behaviours = behavioursOf(one)
    const tests = Object.keys(one.tests).length
    return [`\`${one.module}.${one.name}\``, tests, behaviours.length, held(behaviours)].map(String)
  })
  return table(['class', 'tests', 'behaviours', 'hold here'], rows, 3)
}

/** The behaviours of a class that do not hold: nothing where all do. */
function differences({ module, name, tests }: PythonClass): string[] {
  const rows = Object.entries(tests).flatMap(([test, behaviours]) =>
    behaviours.flatMap(({ sentence, reason }) => (reason === undefined ? [] : [[sentence, `\`${test}\``, reason]])),
  )
  if (rows.length === 0) return []
  return [`### ${module}.${name}\n\n${table(['what does not hold', 'test', 'why'], rows)}`]
}

function omitted({ module, name, tests, reason }: Omission): string[] {
  const which = tests.length === 0 ? 'all' : tests.map((test) => `\`${test}\``).join(', ')
  return [`\`${module}.${name}\``, which, reason]
}

export function page(): string {
  return [
    `${HEAD}\n${summary()}`,
    counts(),
    '## What does not hold',
    ...classes.flatMap(differences),
    '## What was left out',
    'Tests that CPython itself skips on Linux, or that are about something else.',
    `${table(['class', 'tests', 'why'], omissions.map(omitted))}\n`,
  ].join('\n\n')
}
