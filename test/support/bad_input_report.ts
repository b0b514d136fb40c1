import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { temporaryFolder } from './folder.ts'

interface Report {
  readonly calls: number
  readonly functions: number
  readonly wrong: readonly string[]
}

/**
 * Calls all functions with all hostile values, in a process of its own, since bad input could crash or block it.
 *
 * @param args for the program: what it tests instead of `os`
 * @returns what is wrong with their results and errors, and with what they leave behind
 */
export function badInputReport(...args: string[]): Report {
  const folder = temporaryFolder()
  const program = new URL('./bad_input.js', import.meta.url).pathname
  const child = spawnSync(process.execPath, [program, folder, ...args], { encoding: 'utf8', timeout: 300_000 })
  assert.deepEqual([child.status, child.signal, child.stderr], [0, null, ''])
  return JSON.parse(readFileSync(`${folder}/report.json`, 'utf8')) as Report
}

/**
 * Asserts that all functions handle all hostile values correctly.
 *
 * @param fewest how many functions there are at least
 * @param args for the program: what it tests instead of `os`
 */
export function assertAllHandled(fewest: number, ...args: string[]): void {
  const { calls, functions, wrong } = badInputReport(...args)
  assert.deepEqual(wrong, [])
  assert.ok(functions > fewest && calls > 100 * functions, 'hardly anything was called')
}
