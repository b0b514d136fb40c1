import { type Channel, channel } from 'node:diagnostics_channel'
import { wrongType } from './errors.ts'

/** A hook of `addaudithook`. Where it throws, the call that it was told of is not made. */
export type AuditHook = (event: string, args: readonly unknown[]) => void

/** What subscribers of `node:diagnostics_channel` receive. */
export interface AuditMessage {
  readonly event: string
  readonly args: readonly unknown[]
}

const hooks: AuditHook[] = []

/**
 * An auditing event. Whoever raises one asks `wanted` first, so that no argument list is made where nobody listens:
 *
 *     if (chdirEvent.wanted) chdirEvent.raise(path)
 */
export class AuditEvent {
  readonly name: string
  // Held here because node drops a channel that nobody refers to, subscribers and all.
  readonly #channel: Channel

  constructor(name: string) {
    this.name = name
    this.#channel = channel(name)
  }

  get wanted(): boolean {
    return hooks.length > 0 || this.#channel.hasSubscribers
  }

  raise(...args: readonly unknown[]): void {
    for (const hook of hooks) hook(this.name, args)
    if (this.#channel.hasSubscribers) this.#channel.publish({ event: this.name, args } satisfies AuditMessage)
  }
}

const addHookEvent = new AuditEvent('sys.addaudithook')

/**
 * Adds a hook that is called for every auditing event from now on, before the audited call is made. It cannot be
 * removed.
 *
 * The same events are published on `node:diagnostics_channel`, on a channel of the event's name, as `{ event, args }`.
 * Hooks that were added earlier are told of the new one (`sys.addaudithook`), and may refuse it by throwing.
 *
 * @param hook gets the event's name and its arguments; what it throws reaches the caller, and the call is not made
 * @throws whatever an earlier hook throws
 * Availability: everywhere. See Python, sys.addaudithook; Audit events table.
 * @example
 * ```ts
 * const events: string[] = []
 * os.addaudithook((event) => {
 *   events.push(event)
 *   if (event === 'os.rmdir') throw new Error('not here')
 * })
 * os.mkdir('folder')
 * os.rmdir('folder') // throws Error
 * events // => ['os.mkdir', 'os.rmdir']
 * ```
 */
export function addaudithook(hook: AuditHook): void {
  if (typeof hook !== 'function') throw wrongType('hook', 'a function', hook)
  if (addHookEvent.wanted) addHookEvent.raise()
  hooks.push(hook)
}
