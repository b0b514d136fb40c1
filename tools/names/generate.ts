/**
 * Writes the list of all names at the end of docs/from-python.md, from the code: `npm run names`.
 *
 *   node build/tools/names/generate.js [--check]
 *
 * --check   writes nothing; exits with 1 if something would change
 */

import { readFileSync, writeFileSync } from 'node:fs'
import * as promises from '../../src/promises.ts'
import { chapters, isFunction, moduleOf, type Name, namesOfDoor, summary } from '../reference/chapters.ts'
import { callOf } from './signatures.ts'

const GUIDE = 'docs/from-python.md'
const HEADING = '\n## All names\n'

const INTRODUCTION = `
Written by \`npm run names\` from the code, in the order of Python's documentation. What stands in braces is given by name;
what has a question mark is optional, and may be given either way. A star marks what \`osier/promises\` has as well. Beside
these there are \`os.is_available\`, which tells whether a function works here, \`os.error\`, which is \`OSError\`, and
\`os.promises\`.
`

const DOORS = ['path', 'stat', 'errno', 'signal', 'time']

interface Section {
  readonly title: string
  readonly names: readonly Name[]
}

async function section({ title, names }: Section): Promise<string> {
  const rows: string[] = []
  const constants: string[] = []
  const lacking: string[] = []
  for (const one of names) {
    const value = (await moduleOf(one.file))[one.name]
    if (value === undefined) lacking.push(`\`${one.name}\``)
    else if (isConstant(one.name, value)) constants.push(`\`${one.name}\``)
    else rows.push(`| ${cell(one, value)} | ${summary(one).replace(/\.$/, '')} |`)
  }
  return [
    `\n### ${title}\n`,
    ...(rows.length > 0 ? ['| name | what it is |', '| --- | --- |', ...rows, ''] : []),
    ...(constants.length > 0 ? [`Constants: ${constants.join(', ')}.\n`] : []),
    ...(lacking.length > 0 ? [`Not on Linux, and \`undefined\`: ${lacking.join(', ')}.\n`] : []),
  ].join('\n')
}

function isConstant(name: string, value: unknown): boolean {
  return /^[A-Z]\w*$/.test(name) && typeof value !== 'function' && typeof value !== 'object'
}

function cell(one: Name, value: unknown): string {
  if (!isFunction(value)) return `\`${one.name}\``
  return `\`${callOf(one)}\`${one.name in promises && one.file.startsWith('src/os/') ? ' \\*' : ''}`
}

const before = readFileSync(GUIDE, 'utf8')
const written = before.slice(0, before.indexOf(HEADING))
const doors = await Promise.all(
  DOORS.map(async (door) => ({ title: `\`osier/${door}\``, names: await namesOfDoor(door) })),
)
const sections = await Promise.all(
  [...(await chapters()), ...doors].filter(({ names }) => names.length > 0).map(section),
)
const after = `${written}${HEADING}${INTRODUCTION}${sections.join('')}`

if (!process.argv.includes('--check')) writeFileSync(GUIDE, after)
else if (after !== before) {
  console.error(`${GUIDE} is not what \`npm run names\` would write`)
  process.exitCode = 1
}
