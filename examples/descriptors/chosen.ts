/**
 * A child with any number of chosen descriptors: it reads its question from 3, and writes answers to 4 to 9, each of
 * which is a pipe. Of everything else that is open here it gets nothing but 0, 1 and 2.
 *
 *     node build/examples/descriptors/chosen.js
 */

import os from 'osier'

/** What makes these descriptors the child's 3, 4, 5 and so on. */
function from3On(fds: readonly number[]): os.FileAction[] {
  const places = fds.map((_, i) => 3 + i)
  // By way of higher numbers: one of them may be the 3 that another is to become.
  const between = places.map((place) => place + Math.max(...fds, ...places))
  return [
    ...fds.map((fd, i): os.FileAction => [os.POSIX_SPAWN_DUP2, fd, between[i] ?? -1]),
    ...places.map((place, i): os.FileAction => [os.POSIX_SPAWN_DUP2, between[i] ?? -1, place]),
    ...between.map((fd): os.FileAction => [os.POSIX_SPAWN_CLOSE, fd]),
  ]
}

// A file that is nowhere but in memory. The child shares the position in it, so back to its beginning.
const question = os.memfd_create('question')
os.write(question, Buffer.from('7\n'))
os.lseek(question, 0, os.SEEK_SET)

const pipes = Array.from({ length: 6 }, () => os.pipe())

const script = `
  read factor <&3
  for fd in 4 5 6 7 8 9; do
    eval "echo $fd times $factor is $((fd * factor)) >&$fd"
  done
`
const pid = os.posix_spawn('/bin/sh', ['sh', '-c', script], os.environ, {
  file_actions: from3On([question, ...pipes.map(([, writer]) => writer)]),
})

// A pipe is at its end when the last writer is closed, so the parent closes its write ends.
os.close(question)
for (const [, writer] of pipes) os.close(writer)

for (const [reader] of pipes) {
  using answers = os.fdopen(reader, 'r')
  process.stdout.write(answers.read())
}
const [, status] = os.waitpid(pid, 0)
process.exitCode = os.waitstatus_to_exitcode(status)
