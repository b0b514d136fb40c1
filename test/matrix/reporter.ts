import { END, INSIDE, type Outcome } from './harness.ts'

/** The events of `node:test` that the reporter handles. */
interface Event {
  readonly type: string
  readonly data: {
    readonly name: string
    readonly nesting: number
    readonly skip?: string | boolean
    readonly details?: {
      readonly type?: string
      readonly error?: { readonly failureType?: string; readonly cause?: unknown; readonly message?: string }
    }
  }
}

/**
 * A reporter for `node --test-reporter`, with the output of the harness: a line of JSON for each test. Use it with
 * standard output only: Node writes to other destinations on its thread pool, whose threads some tests count.
 */
export default async function* reporter(events: AsyncIterable<Event>): AsyncGenerator<string> {
  const path: string[] = []
  for await (const { type, data } of events) {
    if (type === 'test:start') path[data.nesting] = data.name
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const outcome = outcomeOf(type, data, [...path.slice(0, data.nesting), data.name].join(INSIDE))
    // On a separate line, also if a test has printed an incomplete one.
    if (outcome !== null) yield `\n${JSON.stringify(outcome)}\n`
  }
  yield `\n${END}\n`
}

function outcomeOf(type: string, { skip, details }: Event['data'], name: string): Outcome | null {
  if (skip !== undefined && skip !== false) {
    return { name, result: 'skipped', reason: skip === true ? '' : String(skip) }
  }
  const isSuite = details?.type === 'suite'
  if (type === 'test:pass') return isSuite ? null : { name, result: 'passed' }
  if (isSuite && details?.error?.failureType === 'subtestsFailed') return null
  const { cause, message } = details?.error ?? {}
  return { name, result: 'failed', reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(message) }
}
