/**
 * A pipeline of a shell: each command in a process of its own, which reads what the one before it writes.
 *
 *     node build/examples/pipeline/pipeline.js 'ls -l /usr/bin' 'sort -k 5 -n' 'tail -3'
 * The words of a command are separated by blanks. The exit code is that of the last command.
 */

import os from 'osier'

const STDIN = 0
const STDOUT = 1

/** Makes the process a command that reads from one descriptor and writes to another. */
function become(command: string, input: number, output: number): never {
  // Copies made by dup2 stay open in the next program; what they are copies of does not.
  if (input !== STDIN) os.dup2(input, STDIN)
  if (output !== STDOUT) os.dup2(output, STDOUT)
  const words = command.split(/\s+/).filter(Boolean)
  try {
    return os.execvp(words[0] ?? '', words)
  } catch (error) {
    console.error(`${command}: ${error instanceof os.OSError ? error.strerror : error}`)
    // Without 'exit' handlers, which belong to the parent.
    os._exit(127)
  }
}

const commands = process.argv.slice(2)
const children: number[] = []
let input = STDIN
for (const [index, command] of commands.entries()) {
  const isLast = index === commands.length - 1
  const [reader, writer] = isLast ? [STDIN, STDOUT] : os.pipe()
  const pid = os.fork()
  if (pid === 0) become(command, input, writer)
  children.push(pid)
  // What this process left open, the next command would wait for in vain.
  if (input !== STDIN) os.close(input)
  if (writer !== STDOUT) os.close(writer)
  input = reader
}

const codes = children.map((pid) => os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
for (const [index, code] of codes.entries()) {
  if (code !== 0) console.error(`${commands[index]}: ${code > 0 ? `exit code ${code}` : `signal ${-code}`}`)
}
const last = codes.at(-1) ?? 0
process.exitCode = last >= 0 ? last : 128 - last
