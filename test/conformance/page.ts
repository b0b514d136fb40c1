import { classes } from './all.ts'
import { omissions } from './omissions.ts'
import type { Behaviour, Omission, PythonClass } from './suite.ts'

/** Generates docs/conformance.md. */

const HEAD = `<!-- Written by \`npm run conformance\`. -->

# Conformance with CPython's tests

CPython has tests of its \`os\` and of related modules. The behaviours that these tests check (of CPython 3.11, on
Linux) were written anew, class by class, in \`test/conformance\`. A *behaviour* is one statement about what a call
does. Each is run as a test against the real system. Where osier intentionally behaves otherwise, the reason is listed
below, and osier's own behaviour is tested instead.

Where Python raises ValueError or OverflowError, osier throws a RangeError, which counts as the same behaviour: see
[differences](differences.md).
`

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** A table whose last `numbers` columns are right-aligned. */
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
  return `${all.length} behaviours, of ${tests} tests in ${classes.length} classes: osier has ${held(all)} of them, and differs in ${all.length - held(all)}.`
}

function counts(): string {
  const rows = classes.map((one) => {
    const behaviours = behavioursOf(one)
    const tests = Object.keys(one.tests).length
    return [`\`${one.module}.${one.name}\``, tests, behaviours.length, held(behaviours)].map(String)
  })
  return table(['class', 'tests', 'behaviours', 'same in osier'], rows, 3)
}

/** The table of a class's behaviours in which osier differs; empty if there are none. */
function differences({ module, name, tests }: PythonClass): string[] {
  const rows = Object.entries(tests).flatMap(([test, behaviours]) =>
    behaviours.flatMap(({ sentence, reason }) => (reason === undefined ? [] : [[sentence, `\`${test}\``, reason]])),
  )
  if (rows.length === 0) return []
  return [`### ${module}.${name}\n\n${table(['behaviour of CPython', 'test', 'why osier differs'], rows)}`]
}

function omitted({ module, name, tests, reason }: Omission): string[] {
  const which = tests.length === 0 ? 'all' : tests.map((test) => `\`${test}\``).join(', ')
  return [`\`${module}.${name}\``, which, reason]
}

export function page(): string {
  return [
    `${HEAD}\n${summary()}`,
    counts(),
    '## Differences',
    ...classes.flatMap(differences),
    '## Omitted tests',
    'These tests are skipped on Linux by CPython itself, or do not test `os`.',
    `${table(['class', 'tests', 'why'], omissions.map(omitted))}\n`,
  ].join('\n\n')
}
