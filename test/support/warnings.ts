/** The name of the warning that `warningsOf` emits last: warnings are delivered in order, in a later turn. */
const LAST = 'LastOfTestWarning'

/** The warnings that an action emits. */
export async function warningsOf(action: () => void): Promise<Error[]> {
  const warnings: Error[] = []
  let hear = (_: Error): void => undefined
  const isOver = new Promise<void>((resolve) => {
    hear = (warning) => {
      if (warning.name === LAST) resolve()
      else warnings.push(warning)
    }
  })
  process.on('warning', hear)
  try {
    action()
    process.emitWarning('all warnings before this one have been delivered', LAST)
    await isOver
  } finally {
    process.off('warning', hear)
  }
  return warnings
}
