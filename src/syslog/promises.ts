import { NOTHING, twin } from '../promises/on_pool.ts'
import type { Twin } from '../promises/twin.ts'
import * as messages from './messages.ts'

/** The function of `syslog` that can block, returning a promise. */

/**
 * syslog(3): `syslog.syslog` on the thread pool. Sends a message to the system logger.
 * @example
 * ```ts
 * await syslog.promises.syslog(syslog.LOG_INFO, 'started')
 * ```
 */
export const syslog: Twin<typeof messages.syslog> = twin(messages.syslog, messages.preparedSyslog, NOTHING)
