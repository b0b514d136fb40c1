import { type Channel, channel } from 'node:diagnostics_channel'
import { inheritedHooks, shareHook } from './audit_modules.ts'
import { sharedState } from './copies.ts'
import { refusePromise, wrongType } from './errors.ts'

/** A hook of `addaudithook`. If it throws, the audited call is not made. */
export type AuditHook = (event: string, args: readonly unknown[]) => void

/** The message that subscribers of `node:diagnostics_channel` receive. */
export interface AuditMessage {
  readonly event: string
  readonly args: readonly unknown[]
}

const hooks: AuditHook[] = sharedState('audit-hooks.v1', inheritedHooks)

/**
 * An audit event. Callers check `wanted` before they raise it, so that no argument list is built if there is no
 * listener:
 *
 *     if (chdirEvent.wanted) chdirEvent.raise(path)
 */
export class AuditEvent {
  readonly name: string
  // This reference keeps the channel alive: Node drops a channel without references, together with its subscribers.
  readonly #channel: Channel

  constructor(name: string) {
    this.name = name
    this.#channel = channel(name)
  }

  get wanted(): boolean {
    return hooks.length > 0 || this.#channel.hasSubscribers
  }

  raise(...args: readonly unknown[]): void {
    // Frozen: a hook must not change what later hooks see.
    Object.freeze(args)
    for (const hook of hooks) refusePromise(hook(this.name, args), 'hook')
    if (this.#channel.hasSubscribers) this.#channel.publish({ event: this.name, args } satisfies AuditMessage)
  }
}

const addHookEvent = new AuditEvent('sys.addaudithook')

/**
 * Adds a hook that is called for every later audit event, before the audited call is made. It cannot be removed.
 *
 * The same events are published on `node:diagnostics_channel`, on a channel of the event's name, as `{ event, args }`.
 * Adding a hook raises `sys.addaudithook` for the earlier hooks, which may reject the new one by throwing.
 *
 * A function is called for the events of this thread alone. A module is loaded by each thread for itself: by this one at
 * once, and by those that it or its workers start from now on before the first event there, whose call fails if that
 * fails. Threads that run already do not get it.
 *
 * @param hook called with the event's name and its arguments; an error that it throws is passed to the caller, and the
 *   call is not made. Or the `file:` URL of a module whose default export is such a function: an ES module without
 *   top-level await, or a CommonJS module
 * @throws the error that an earlier hook throws, or that loading the module throws
 * @throws TypeError for a module without such a function; from the audited call if a hook returns a promise: its result
 *   would come too late to refuse the call
 *
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
export function addaudithook(hook: AuditHook | URL): void {
  const isModule = hook instanceof URL
  if (!isModule && typeof hook !== 'function') throw wrongType('hook', 'a function, or the URL of a module', hook)
  if (addHookEvent.wanted) addHookEvent.raise()
  hooks.push(isModule ? shareHook(hook) : hook)
}
