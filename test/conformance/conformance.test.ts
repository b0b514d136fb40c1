import { describe, test } from 'node:test'
import { classes } from './all.ts'
import { type Check, Here } from './suite.ts'

/** Runs a check in a place of its own. */
async function run(check: Check): Promise<void> {
  const here = new Here()
  try {
    await check(here)
  } finally {
    here.end()
  }
}

for (const { module, name, tests } of classes) {
  describe(`${module}.${name}`, () => {
    for (const [origin, behaviours] of Object.entries(tests)) {
      for (const { sentence, check, reason, skip } of behaviours) {
        if (check === undefined) continue
        const title = reason === undefined ? sentence : `${sentence} (not here: ${reason})`
        test(`${origin}: ${title}`, { skip }, () => run(check))
      }
    }
  })
}
