/** What no function should be given: each refuses it, or bears it. */

import { test } from 'node:test'
import { ownDescriptors } from './support/runtime.ts'
import { assertBorne } from './support/zoo_report.ts'

test('every function refuses or bears every value of the zoo in every place', { skip: ownDescriptors }, () => {
  assertBorne(50)
})
