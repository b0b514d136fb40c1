import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import { askPython, noPython } from '../../support/python.ts'

const { altsep, curdir, defpath, devnull, extsep, linesep, name, pardir, pathsep, sep } = os
const ours = { altsep, curdir, defpath, devnull, extsep, linesep, name, pardir, pathsep, sep }

test('the constants of path names', () => {
  assert.deepEqual(ours, {
    ...{ altsep: null, curdir: '.', defpath: '/bin:/usr/bin', devnull: '/dev/null', extsep: '.', linesep: '\n' },
    ...{ name: 'posix', pardir: '..', pathsep: ':', sep: '/' },
  })
})

test('have the values of python3', { skip: noPython }, () => {
  const program = 'import json, os, sys; print(json.dumps({n: getattr(os, n) for n in sys.argv[1:]}))'
  assert.deepEqual(ours, askPython(program, { args: Object.keys(ours) }))
})
