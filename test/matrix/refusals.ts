/**
 * The calls that osier refuses by design in some environments, with the test files that need them: there such a refusal
 * skips a test. In any other file it is a failure.
 */

import { isMainThread } from 'node:worker_threads'

const isNode = !('bun' in process.versions || 'deno' in process.versions)

/** Calls that change the whole process, with the test files (by a part of their paths) that make them. */
const inWorkers: Readonly<Record<string, readonly string[]>> = {
  chdir: [
    'conformance',
    'os/files/directories',
    'os/files/current_directory',
    'test/package',
    'path/resolution',
    'test/sjs',
    'vfs/mounts',
  ],
  execve: ['conformance', 'test/sjs'],
  execvpe: ['conformance'],
  putenv: ['conformance', 'process_parameters/environ', 'processes/spawn', 'vfs/mounts'],
  setregid: ['conformance'],
  setresgid: ['conformance'],
  setresuid: ['conformance'],
  setreuid: ['conformance'],
  setuid: ['test/sjs'],
  signal: ['conformance', 'test/signal'],
  umask: ['conformance', 'process_parameters/identity', 'processes/posix_spawn'],
  unsetenv: ['conformance', 'process_parameters/environ'],
}

/** Calls that need Node, with the test files. */
const outsideNode: Readonly<Record<string, readonly string[]>> = {
  'os.fork()': ['doc_examples', 'test/examples', 'processes/fork', 'promises/on_pool'],
  'os.forkpty()': ['doc_examples'],
}

/** The messages of the refusals that are expected in a test file, in this environment. */
export function refusalsIn(file: string): string[] {
  const needed = (refused: Readonly<Record<string, readonly string[]>>): string[] =>
    Object.keys(refused).filter((name) => refused[name]?.some((part) => file.includes(part)))
  return [
    ...(isMainThread ? [] : needed(inWorkers).map((name) => `os.${name}() is not supported in workers`)),
    ...(isMainThread || !file.includes('processes/fork') ? [] : ['os.fork() works in the main thread only']),
    ...(isNode ? [] : needed(outsideNode).map((name) => `${name} needs Node`)),
  ]
}
