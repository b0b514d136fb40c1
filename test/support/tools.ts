import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'

/** Debian keeps what only administrators need out of an ordinary user's PATH. */
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']

function find(name: string): string | null {
  for (const folder of folders) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK)
      return `${folder}/${name}`
    } catch {
      // Not in this folder.
    }
  }
  return null
}

/** For a test's `skip`: why it is skipped, or false where all these programs are there. */
export function missing(...names: string[]): string | false {
  const absent = names.filter((name) => find(name) === null)
  return absent.length > 0 && `there is no ${absent.join(' and no ')}`
}

export interface ToolOutput {
  readonly status: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a program to its end. */
export function runTool(name: string, args: readonly string[], input?: string | Buffer): ToolOutput {
  const { status, stdout, stderr } = spawnSync(name.includes('/') ? name : (find(name) ?? name), args, {
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C.UTF-8' },
    maxBuffer: 256 * 2 ** 20,
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
  })
  return { status, stdout, stderr: stderr?.toString() ?? '' }
}

/** Runs a program that must succeed: what it prints. */
export function tool(name: string, args: readonly string[], input?: string | Buffer): string {
  const { status, stdout, stderr } = runTool(name, args, input)
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed (${status}): ${stdout}${stderr}`)
  return stdout.toString()
}
