/** Copies of the project, in which the suite runs: built once, for any user to read. */

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'

/** The source of `test` and `describe`: the runtime, or harness.ts. */
export type Harness = 'node:test' | 'own'

/** Packages that are copied rather than linked: koffi's binary for another architecture is installed beside koffi. */
const COPIED = ['koffi', '@koromix', 'js-fatfs']

/** Copies the project to a new folder. */
export function copyProject(folder: string, harness: Harness): void {
  rmSync(folder, { recursive: true, force: true })
  const left = new Set(['.git', '.matrix', '.zig', 'node_modules'])
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  for (const entry of readdirSync('.').filter((name) => !left.has(name))) {
    cpSync(entry, join(folder, entry), { recursive: true })
  }
  for (const entry of readdirSync('node_modules')) {
    const copy = join(folder, 'node_modules', entry)
    if (COPIED.includes(entry)) cpSync(join('node_modules', entry), copy, { recursive: true, dereference: true })
    else symlinkSync(resolve('node_modules', entry), copy)
  }
  if (harness === 'own') useOwnHarness(join(folder, 'build/test'))
}

/** Copies koffi's binary for another architecture, installed beside a runtime, into a copy of the project. */
export function addKoffi(home: string, folder: string): void {
  cpSync(join(home, 'node_modules/@koromix'), join(folder, 'node_modules/@koromix'), { recursive: true })
}

/** Every test file, relative to the project's root. */
export function testFiles(words: readonly string[] = []): string[] {
  return (
    readdirSync('build/test', { recursive: true, encoding: 'utf8' })
      .map((file) => join('build/test', file).split(sep).join('/'))
      // The test of the matrix checks results that are being written.
      .filter((file) => file.endsWith('.test.js') && file !== 'build/test/matrix.test.js')
      .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
      .sort()
  )
}

function useOwnHarness(root: string): void {
  for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const file = join(root, entry)
    if (!file.endsWith('.js') || basename(dirname(file)) === 'matrix') continue
    const text = readFileSync(file, 'utf8')
    const harness = relative(dirname(file), join(root, 'matrix/harness.js')).replace(/^(?!\.)/, './')
    const changed = text.replaceAll("from 'node:test'", `from '${harness}'`)
    if (changed !== text) writeFileSync(file, changed)
  }
}
