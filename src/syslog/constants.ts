import { constants } from '../libc/facts.ts'

/** The constants of Python's `syslog` module. */

const C = constants

/** Level: the system is unusable. */
export const LOG_EMERG: number = C.LOG_EMERG
/** Level: action must be taken immediately. */
export const LOG_ALERT: number = C.LOG_ALERT
/** Level: critical conditions. */
export const LOG_CRIT: number = C.LOG_CRIT
/** Level: errors. */
export const LOG_ERR: number = C.LOG_ERR
/** Level: warnings. */
export const LOG_WARNING: number = C.LOG_WARNING
/** Level: normal, but significant conditions. */
export const LOG_NOTICE: number = C.LOG_NOTICE
/** Level: information. */
export const LOG_INFO: number = C.LOG_INFO
/** Level: messages for debugging. */
export const LOG_DEBUG: number = C.LOG_DEBUG
/** Facility: the kernel. The C library takes it from processes as LOG_USER. */
export const LOG_KERN: number = C.LOG_KERN
/** Facility: programs of users, the default. */
export const LOG_USER: number = C.LOG_USER
/** Facility: mail. */
export const LOG_MAIL: number = C.LOG_MAIL
/** Facility: daemons. */
export const LOG_DAEMON: number = C.LOG_DAEMON
/** Facility: security and authorization. */
export const LOG_AUTH: number = C.LOG_AUTH
/** Facility: the system logger itself. */
export const LOG_SYSLOG: number = C.LOG_SYSLOG
/** Facility: printers. */
export const LOG_LPR: number = C.LOG_LPR
/** Facility: Usenet news. */
export const LOG_NEWS: number = C.LOG_NEWS
/** Facility: UUCP. */
export const LOG_UUCP: number = C.LOG_UUCP
/** Facility: clock daemons (cron and at). */
export const LOG_CRON: number = C.LOG_CRON
/** Facility: security and authorization, private. */
export const LOG_AUTHPRIV: number = C.LOG_AUTHPRIV
/** Facility: FTP. */
export const LOG_FTP: number = C.LOG_FTP
/** Facility: for local use. */
export const LOG_LOCAL0: number = C.LOG_LOCAL0
/** Facility: for local use. */
export const LOG_LOCAL1: number = C.LOG_LOCAL1
/** Facility: for local use. */
export const LOG_LOCAL2: number = C.LOG_LOCAL2
/** Facility: for local use. */
export const LOG_LOCAL3: number = C.LOG_LOCAL3
/** Facility: for local use. */
export const LOG_LOCAL4: number = C.LOG_LOCAL4
/** Facility: for local use. */
export const LOG_LOCAL5: number = C.LOG_LOCAL5
/** Facility: for local use. */
export const LOG_LOCAL6: number = C.LOG_LOCAL6
/** Facility: for local use. */
export const LOG_LOCAL7: number = C.LOG_LOCAL7
/** Option: each message has the process id. */
export const LOG_PID: number = C.LOG_PID
/** Option: messages go to the console if the system logger cannot be reached. */
export const LOG_CONS: number = C.LOG_CONS
/** Option: the system logger is connected to at the first message, the default. */
export const LOG_ODELAY: number = C.LOG_ODELAY
/** Option: the system logger is connected to at once. */
export const LOG_NDELAY: number = C.LOG_NDELAY
/** Option: without effect on Linux. */
export const LOG_NOWAIT: number = C.LOG_NOWAIT
/** Option: messages go to standard error as well. */
export const LOG_PERROR: number = C.LOG_PERROR
/** Facility: the installer. Availability: macOS. */
export const LOG_INSTALL: number | undefined = undefined
/** Facility: launchd. Availability: macOS. */
export const LOG_LAUNCHD: number | undefined = undefined
/** Facility: NetInfo. Availability: macOS. */
export const LOG_NETINFO: number | undefined = undefined
/** Facility: remote access. Availability: macOS. */
export const LOG_RAS: number | undefined = undefined
/** Facility: remote authentication. Availability: macOS. */
export const LOG_REMOTEAUTH: number | undefined = undefined
