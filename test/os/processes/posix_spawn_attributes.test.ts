import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import * as signal from 'osier/signal'
import { runNode } from '../../support/child.ts'
import { exitCode, outputOf, processFields } from '../../support/children.ts'

/** A signal mask of /proc/PID/status, as a list of signals. */
function signalsIn(status: string, field: string): number[] {
  const mask = BigInt(`0x${new RegExp(`${field}:\\s*(\\w+)`).exec(status)?.[1]}`)
  // Others than these the C library keeps for itself.
  return [...signal.valid_signals()].filter((number) => (mask >> BigInt(number - 1)) & 1n)
}

describe('attributes', () => {
  test('setpgroup: a new group, or an existing one', () => {
    const leader = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setpgroup: 0 })
    const member = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setpgroup: leader })
    const other = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
    assert.deepEqual(
      [leader, member, other].map((pid) => processFields(pid).group),
      [leader, leader, os.getpgrp()],
    )
    os.killpg(leader, signal.SIGKILL)
    os.kill(other, signal.SIGTERM)
    assert.deepEqual([leader, member, other].map(exitCode), [-signal.SIGKILL, -signal.SIGKILL, -signal.SIGTERM])
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { setpgroup: 1 }), os.PermissionError)
  })

  test('setsid: a new session', () => {
    const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setsid: true })
    assert.deepEqual([processFields(pid).session, processFields(pid).group], [pid, pid])
    os.kill(pid, signal.SIGKILL)
    exitCode(pid)
    const same = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setsid: false })
    assert.equal(processFields(same).session, os.getsid(0))
    os.kill(same, signal.SIGKILL)
    exitCode(same)
  })

  // Not by way of a shell, which may change its mask.
  const blocked = (options: os.PosixSpawnOptions): number[] =>
    signalsIn(
      outputOf((fd) =>
        os.posix_spawn('/bin/cat', ['cat', '/proc/self/status'], null, {
          ...options,
          file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1]],
        }),
      ),
      'SigBlk',
    )

  test('setsigmask: these signals are blocked, and no others', () => {
    const { SIGUSR1, SIGUSR2, SIGRTMAX } = signal
    const mask = [SIGUSR1, SIGUSR2, ...(SIGRTMAX === undefined ? [] : [SIGRTMAX])]
    assert.deepEqual(blocked({ setsigmask: mask }), mask)
    assert.deepEqual(blocked({ setsigmask: new Set([SIGUSR2]) }), [SIGUSR2])
    assert.deepEqual(blocked({ setsigmask: [] }), [])
    assert.deepEqual(blocked({}), [])
  })

  test('setsigdef: these signals have their default action, as those have that Node ignores', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      import { readFileSync } from 'node:fs'
      signal.signal(signal.SIGUSR1, signal.SIG_IGN)
      signal.signal(signal.SIGUSR2, signal.SIG_IGN)
      const show = (options) => os.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', 'grep SigIgn /proc/$$/status'], null, options), 0)
      show({})
      show({ setsigdef: [signal.SIGUSR1] })
      show({ setsigdef: signal.valid_signals() })
      signal.signal(signal.SIGPIPE, signal.SIG_IGN)
      show({})`)
    assert.equal(child.stderr, '')
    const ignored = child.stdout
      .trim()
      .split('\n')
      .map((line) => signalsIn(line, 'SigIgn'))
    const { SIGUSR1, SIGUSR2, SIGPIPE } = signal
    // Once a program has SIGPIPE ignored itself, its children inherit that.
    assert.deepEqual(ignored, [[SIGUSR1, SIGUSR2], [SIGUSR2], [], [SIGUSR1, SIGUSR2, SIGPIPE]])
  })

  test('writing to a pipe without readers ends a child by SIGPIPE', () => {
    const [r, w] = os.pipe()
    os.close(r)
    const pid = os.posix_spawn('/bin/cat', ['cat', '/proc/self/status'], null, {
      file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]],
    })
    os.close(w)
    assert.equal(exitCode(pid), -signal.SIGPIPE)
  })

  test('scheduler: a policy and its parameter, or the parameter alone', () => {
    const param = new os.sched_param(0)
    const policyOf = (options: os.PosixSpawnOptions): number => {
      const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, options)
      const { policy } = processFields(pid)
      os.kill(pid, signal.SIGKILL)
      exitCode(pid)
      return policy
    }
    assert.equal(policyOf({ scheduler: [os.SCHED_OTHER, param] }), os.SCHED_OTHER)
    assert.equal(policyOf({ scheduler: [null, param] }), os.SCHED_OTHER)
    assert.equal(policyOf({ scheduler: null }), os.SCHED_OTHER)
    assert.throws(() => policyOf({ scheduler: [os.SCHED_OTHER, new os.sched_param(5)] }), { code: 'EINVAL' })
  })

  test('resetids: the effective ids are made the real ones', { skip: process.getuid?.() !== 0 && 'not root' }, () => {
    const child = runNode(`
      os.setegid(65534)
      os.seteuid(65534)
      for (const resetids of [false, true]) {
        os.waitpid(os.posix_spawn('/bin/grep', ['grep', '-E', '^[UG]id', '/proc/self/status'], null, { resetids }), 0)
      }`)
    const ids = child.stdout.split('\n').map((line) => line.split('\t').slice(1, 3).join(' '))
    assert.deepEqual([child.stderr, ids], ['', ['0 65534', '0 65534', '0 0', '0 0', '']])
  })
})
