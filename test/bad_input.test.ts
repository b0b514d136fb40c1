/** What no function should be given: each refuses it, or bears it. */

import { test } from 'node:test'
import { assertAllHandled } from './support/bad_input_report.ts'
import { ownDescriptors } from './support/runtime.ts'

test('every function refuses or bears every value of the zoo in every place', { skip: ownDescriptors }, () => {
  assertAllHandled(50)
})
