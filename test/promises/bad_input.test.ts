/** What no function should be given: each rejects, in the words of its synchronous twin, or bears it. */

import { test } from 'node:test'
import { assertAllHandled } from '../support/bad_input_report.ts'
import { lossyNames } from '../support/runtime.ts'

test('every function rejects or bears every value of the zoo in every place; those that wait, what must be refused', {
  skip: lossyNames,
}, () => {
  assertAllHandled(80, 'promises')
})
