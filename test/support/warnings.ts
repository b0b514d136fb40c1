import { setImmediate } from 'node:timers/promises'

/** The warnings that an action emits. */
export async function warningsOf(action: () => void): Promise<Error[]> {
  const warnings: Error[] = []
  const hear = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', hear)
  try {
    action()
    // They are emitted in a later turn.
    await setImmediate()
    await setImmediate()
  } finally {
    process.off('warning', hear)
  }
  return warnings
}
