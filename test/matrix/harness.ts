/**
 * The part of `node:test` that the suite uses, in a few lines: for runtimes whose own can only be had through a command
 * of theirs, and for worker threads. What it counts is what `node:test` counts: test/matrix.test.ts compares them.
 */

import { appendFileSync } from 'node:fs'
import { inspect } from 'node:util'

/** How one test ended. The name has the names of the suites around it before it. */
export interface Outcome {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly reason?: string
}

/** The last line of a report: without it the process has ended before its tests. */
export const END = '"all"'

/** What stands between the names of suites and tests. */
export const INSIDE = ' > '

interface Options {
  readonly skip?: boolean | string
  readonly timeout?: number
}

type Hook = () => unknown
type Body = (context: Context) => unknown

interface Test {
  readonly name: string
  readonly options: Options
  readonly body: Body
}

interface Suite {
  readonly name: string
  readonly parent: Suite | null
  readonly parts: (Test | Suite)[]
  readonly before: Hook[]
  readonly after: Hook[]
  readonly beforeEach: Hook[]
  readonly afterEach: Hook[]
}

/** What a test is given. */
class Context {
  readonly hooks: Hook[] = []
  skipped: string | null = null

  after(hook: Hook): void {
    this.hooks.push(hook)
  }

  skip(reason = ''): void {
    this.skipped = reason
  }

  diagnostic(text: string): void {
    console.log(text)
  }
}

const root = newSuite('', null)
let current = root
/** Takes the errors that nobody caught. */
let uncaught: (error: unknown) => void = () => {}

function newSuite(name: string, parent: Suite | null): Suite {
  return { name, parent, parts: [], before: [], after: [], beforeEach: [], afterEach: [] }
}

export function test(name: string, ...rest: [Options, Body] | [Body]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
  current.parts.push({ name, options, body })
}

export function describe(name: string, ...rest: [Options, Hook] | [Hook]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
  if (isSkipped(options)) {
    current.parts.push({ name, options, body })
    return
  }
  const suite = newSuite(name, current)
  current.parts.push(suite)
  current = suite
  try {
    body()
  } finally {
    current = suite.parent ?? root
  }
}

export function before(hook: Hook): void {
  current.before.push(hook)
}

export function after(hook: Hook): void {
  current.after.push(hook)
}

export function beforeEach(hook: Hook): void {
  current.beforeEach.push(hook)
}

export function afterEach(hook: Hook): void {
  current.afterEach.push(hook)
}

/** The refusals that are expected. */
let expected: readonly string[] = []

/**
 * Runs what has been declared, and appends how each test ended to a file, a line of JSON each, and a last one that says
 * that this was all. `refusals` are the words of osier's that have a test skipped.
 */
export async function runAll(report: string, refusals: readonly string[]): Promise<void> {
  expected = refusals
  process.on('uncaughtException', (error) => uncaught(error))
  await runSuite(root, '', (outcome) => {
    if (outcome.result === 'failed') console.error(`failed: ${outcome.name}\n${outcome.reason}`)
    appendFileSync(report, `${JSON.stringify(outcome)}\n`)
  })
  appendFileSync(report, `${END}\n`)
}

async function runSuite(suite: Suite, path: string, report: (outcome: Outcome) => void): Promise<void> {
  try {
    for (const hook of suite.before) await hook()
    for (const part of suite.parts) {
      const name = path + part.name
      if ('parts' in part) await runSuite(part, name + INSIDE, report)
      else report(await runTest(part, name, suite))
    }
    for (const hook of suite.after) await hook()
  } catch (error) {
    const refusal = refusalIn(error)
    if (refusal === null) report({ name: `${path}(hooks)`, result: 'failed', reason: textOf(error) })
    else report({ name: `${path}(the others)`, result: 'skipped', reason: refusal })
  }
}

async function runTest(test: Test, name: string, suite: Suite): Promise<Outcome> {
  const { options } = test
  if (isSkipped(options)) return { name, result: 'skipped', reason: options.skip === true ? '' : String(options.skip) }
  const context = new Context()
  let failure: unknown
  let failed = false
  const attempt = async (body: () => unknown): Promise<void> => {
    try {
      await body()
    } catch (error) {
      if (!failed) failure = error
      failed = true
    }
  }
  for (const hook of hooksOf(suite, 'beforeEach').reverse()) await attempt(hook)
  if (!failed) await attempt(() => inTime(() => test.body(context), options.timeout))
  for (const hook of [...context.hooks, ...hooksOf(suite, 'afterEach')]) await attempt(hook)
  const refusal = refusalIn(failure)
  if (refusal !== null) return { name, result: 'skipped', reason: refusal }
  if (failed) return { name, result: 'failed', reason: textOf(failure) }
  if (context.skipped !== null) return { name, result: 'skipped', reason: context.skipped }
  return { name, result: 'passed' }
}

/**
 * What osier refuses to do in this place, in its own words: a test that needs it cannot run here. The error, what an
 * assertion found in its place, or what a child wrote before it failed. Words that are not expected of this file
 * (refusals.ts) are a failure.
 */
function refusalIn(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const text = 'actual' in error ? `${error.message}\n${inspect(error.actual)}` : error.message
  return expected.find((words) => text.includes(words)) ?? null
}

/** Those of the suite, then those of the suites around it. */
function hooksOf(suite: Suite, kind: 'beforeEach' | 'afterEach'): Hook[] {
  return [...suite[kind], ...(suite.parent === null ? [] : hooksOf(suite.parent, kind))]
}

/** Fails where an error goes uncaught meanwhile, too. */
async function inTime(body: () => unknown, limit = 0): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const trouble = new Promise<never>((_, reject) => {
    uncaught = reject
    if (limit > 0) timer = setTimeout(() => reject(new Error(`still running after ${limit} ms`)), limit)
  })
  try {
    await Promise.race([trouble, body()])
  } finally {
    clearTimeout(timer)
  }
}

function isSkipped({ skip }: Options): boolean {
  return Boolean(skip)
}

function textOf(error: unknown): string {
  return error instanceof Error
    ? `${error.stack?.includes(error.message) ? '' : error.message}\n${error.stack}`
    : String(error)
}
