/** Invalid values: each function rejects with the message of the synchronous function, or handles them. */

import { test } from 'node:test'
import { assertAllHandled } from '../support/bad_input_report.ts'
import { lossyNames } from '../support/runtime.ts'

test('every function rejects or handles every hostile value for every parameter; functions that wait, only invalid values', {
  skip: lossyNames,
}, () => {
  assertAllHandled(80, 'promises')
})
