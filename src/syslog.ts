/** Python's `syslog` module: messages to the system logger. */
export * from './syslog/constants.ts'
export { closelog, LOG_MASK, LOG_UPTO, type OpenlogOptions, openlog, setlogmask, syslog } from './syslog/messages.ts'
export * as promises from './syslog/promises.ts'

export * as default from './syslog.ts'
