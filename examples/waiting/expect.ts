/**
 * Controls an interactive program in a pseudo-terminal, as `expect` does: waits for its output, and sends input.
 *
 *     node build/examples/waiting/expect.js
 */

import os from 'osier'

const { promises } = os

class Dialogue {
  readonly #fd: number
  readonly #pid: number
  #heard = ''

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
    const [main, terminal] = os.openpty()
    const streams = [0, 1, 2].map((fd) => [os.POSIX_SPAWN_DUP2, terminal, fd] as const)
    // A session of its own; the first terminal that it opens becomes its controlling one.
    const open = [os.POSIX_SPAWN_OPEN, 3, os.ttyname(terminal), os.O_RDWR, 0] as const
    this.#pid = os.posix_spawn(program, args, env, { setsid: true, file_actions: [open, ...streams] })
    os.close(terminal)
    this.#fd = main
  }

  /** Waits until the program has said it; returns what it said until then. */
  async hear(pattern: RegExp, timeout = 10_000): Promise<string> {
    const signal = AbortSignal.timeout(timeout)
    for (;;) {
      const match = pattern.exec(this.#heard)
      if (match !== null) {
        const end = match.index + match[0].length
        const before = this.#heard.slice(0, end)
        this.#heard = this.#heard.slice(end)
        return before
      }
      this.#heard += String(await promises.read(this.#fd, 4096, { signal }))
    }
  }

  async say(line: string): Promise<void> {
    for (let rest = Buffer.from(`${line}\n`); rest.length > 0; )
      rest = rest.subarray(await promises.write(this.#fd, rest))
  }

  async end(): Promise<number> {
    const [, status] = await promises.waitpid(this.#pid, 0)
    os.close(this.#fd)
    return os.waitstatus_to_exitcode(status)
  }
}

const PROMPT = 'ready> '
const env = { ...process.env, PS1: PROMPT, TERM: 'dumb', HISTFILE: '' }
const bash = new Dialogue('/bin/bash', ['bash', '--norc', '--noprofile', '--noediting', '-i'], env)
await bash.hear(/ready> /)
await bash.say('read -p "What is your name? " name')
await bash.hear(/name\? (?!")/)
await bash.say('osier')
await bash.hear(/ready> /)
await bash.say('echo "[$name is at $(tty | cut -d/ -f1-3)]"')
console.log(/\[(osier .*)\]/.exec(await bash.hear(/\[osier .*\]/))?.[1])
await bash.hear(/ready> /)
await bash.say('exit 7')
console.log(`bash ended with ${await bash.end()}`)
