/** What the API reference is made of. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import { chapters, isFunction } from '../tools/reference/chapters.ts'
import { chaptersLacking } from './support/checks.ts'

const all = (await chapters()).flatMap(({ names }) => names)

test('every name of os is in one chapter', () => {
  // Modules, and what an alias or the namespace itself adds.
  const others = ['error', 'is_available', 'path', 'promises']
  const names = Object.keys(os).filter((name) => !others.includes(name))
  const inChapters = all.map(({ name }) => name)
  assert.deepEqual(chaptersLacking(names, inChapters), [])
  assert.deepEqual(
    inChapters.filter((name) => !names.includes(name)),
    [],
  )
})

test('every name of os is described', () => {
  assert.deepEqual(
    all
      .filter(({ comment }) => comment === '')
      .map(({ name, file }) => `${name}: give it a doc comment, directly above its export in ${file}`),
    [],
  )
})

test('every function tells where it is available', () => {
  const functions = all.filter(({ name }) => {
    const value = (os as unknown as Record<string, unknown>)[name]
    return isFunction(value) && !/^[A-Z]/.test(name)
  })
  const silent = functions.filter(({ comment }) => !/Availability: |Windows|macOS|@see Python/.test(comment))
  assert.deepEqual(
    silent.map(({ name }) => `${name}: give its doc comment a line "Availability: ..."`),
    [],
  )
})
