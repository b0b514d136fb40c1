/** Invalid values: each function refuses them, or handles them. */

import { test } from 'node:test'
import { assertAllHandled } from './support/bad_input_report.ts'
import { ownDescriptors } from './support/runtime.ts'

test('every function refuses or handles every hostile value for every parameter', { skip: ownDescriptors }, () => {
  assertAllHandled(50)
})
