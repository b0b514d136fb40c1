import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { dialects, frontDoorOf, siblings } from '../../tools/front_doors.ts'
import { inRepository } from '../../tools/repository.ts'

/**
 * The examples in doc comments: each `@example` holds a block of TypeScript, and reads as if the front door that its
 * function belongs to had been imported under the name that it has in the README. What is written behind an expression
 * holds:
 *
 *     os.umask(0o022) // => 0o077
 *     os.stat('none') // throws FileNotFoundError
 */
export interface DocExample {
  /** The front door, such as `osier/path`. */
  readonly door: string
  /** The function or class. */
  readonly name: string
  /** Where it stands. */
  readonly place: string
  /** A program of its own, with what it expects made into assertions. */
  readonly program: string
}

/** What an example may name without importing it, beside `os`. */
const IMPORTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...siblings, 'promises'].map((name) => [name, `import * as ${name} from 'osier/${name}'`])),
  vfs: "import { vfs } from 'osier/micropython'",
}

const COMMENT = /^\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\nexport (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm
const BLOCK = /^ \* @example\n \* ```ts\n((?: \*.*\n)*?) \* ```$/gm

/** All examples of the sources. */
export function docExamples(): DocExample[] {
  return readdirSync(inRepository('src'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => examplesOf(file, readFileSync(inRepository('src', file), 'utf8')))
}

function examplesOf(file: string, source: string): DocExample[] {
  const door = frontDoorOf(file)
  return [...source.matchAll(COMMENT)].flatMap(([comment, , name = '']) =>
    [...comment.matchAll(BLOCK)].map(([, lines = '']) => {
      const text = lines.replaceAll(/^ \* ?/gm, '')
      return { door, name, place: `src/${file}: ${name}`, program: programOf(text, door) }
    }),
  )
}

/** An example as a program of its own. */
export function programOf(text: string, door: string): string {
  const [imports, statements] = [/^import .*$/gm, text.replaceAll(/^import .*$\n/gm, '')]
  const dialect = dialects.includes(door) ? door : 'osier'
  const speaksOf = (name: string): boolean =>
    new RegExp(`(?<![.\\w])${name}\\.`).test(statements) && !new RegExp(`(?:const|let|import) ${name}\\b`).test(text)
  return [
    "import assert_ from 'node:assert/strict'",
    speaksOf('os') ? `import os from '${dialect}'` : '',
    ...Object.entries(IMPORTS).map(([name, line]) => (speaksOf(name) ? line : '')),
    ...(text.match(imports) ?? []),
    ...statements.split('\n').map(asserted),
    // Uses the import, which the compiler would otherwise report as unused.
    'assert_.ok(true)',
  ]
    .filter(Boolean)
    .join('\n')
}

/** A line, with the comment after it made into an assertion. */
function asserted(line: string): string {
  const [, given = '', result] = /^\s*(.*?) \/\/ => (.*)$/.exec(line) ?? []
  if (result !== undefined) return `assert_.deepEqual(${given}, ${result})`
  const [, fails = '', error] = /^\s*(.*?) \/\/ throws (\w+)$/.exec(line) ?? []
  if (error === undefined) return line
  const call = fails.replace(/^await /, '')
  const assertion = fails === call ? `assert_.throws(() => ${call}` : `await assert_.rejects(async () => ${call}`
  return `${assertion}, { name: '${error}' })`
}
