/** Python's `signal` module. Handlers in JavaScript run in the event loop. */
export { OSError as ItimerError } from './errors.ts'
export * from './signal/constants.ts'
export {
  default_int_handler,
  getsignal,
  type Handler,
  KeyboardInterrupt,
  pause,
  set_wakeup_fd,
  siginterrupt,
  signal,
  type WakeupOptions,
} from './signal/handlers.ts'
export {
  pthread_sigmask,
  sigpending,
  sigtimedwait,
  sigwait,
  sigwaitinfo,
  valid_signals,
} from './signal/masks.ts'
export * as promises from './signal/promises.ts'
export * from './signal/sending.ts'
export { struct_siginfo } from './signal/struct_siginfo.ts'
export * from './signal/timers.ts'

export * as default from './signal.ts'
