/** What no function should be given: each rejects, in the words of its synchronous twin, or bears it. */

import { test } from 'node:test'
import { lossyNames } from '../support/runtime.ts'
import { assertBorne } from '../support/zoo_report.ts'

test('every function rejects or bears every value of the zoo in every place; those that wait, what must be refused', {
  skip: lossyNames,
}, () => {
  assertBorne(80, 'promises')
})
