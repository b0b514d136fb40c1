/**
 * The part of `node:test` that the suite uses, for worker threads, and for runtimes that support `node:test` only in
 * their own test command. It counts as `node:test` does: test/matrix.test.ts compares them.
 */

import { appendFileSync } from 'node:fs'
import { inspect } from 'node:util'

/** The outcome of a test. The name is prefixed with the names of its suites. */
export interface Outcome {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly reason?: string
}

/** The last line of a report: if it is missing, the process ended before its tests. */
export const END = '"all"'

/** The separator between the names of suites and tests. */
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

/** The context that is passed to a test. */
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
/** Receives uncaught errors. */
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
 * Runs the declared tests, and appends the outcome of each to a file, as a line of JSON, and a last line that marks the
 * end. A test that fails with one of the messages in `refusals` counts as skipped.
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
 * The message with which osier refuses a call in this environment, which skips the test. It is searched in the error,
 * in the value of a failed assertion, and in the output of a child. A message that is not expected in this file
 * (refusals.ts) is a failure.
 */
function refusalIn(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const text = 'actual' in error ? `${error.message}\n${inspect(error.actual)}` : error.message
  return expected.find((words) => text.includes(words)) ?? null
}

/** The hooks of the suite, then those of the enclosing suites. */
function hooksOf(suite: Suite, kind: 'beforeEach' | 'afterEach'): Hook[] {
  return [...suite[kind], ...(suite.parent === null ? [] : hooksOf(suite.parent, kind))]
}

/** Fails also if an error is uncaught meanwhile. */
async function inTime(body: () => unknown, limit = 0): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const uncaughtError = new Promise<never>((_, reject) => {
    uncaught = reject
    if (limit > 0) timer = setTimeout(() => reject(new Error(`still running after ${limit} ms`)), limit)
  })
  try {
    await Promise.race([uncaughtError, body()])
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
