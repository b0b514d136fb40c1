import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'

/** The version that a runtime prints; null if it does not run. */
export function readVersion(command: string): string | null {
  const program = 'console.log(process.versions.bun ?? process.versions.deno ?? process.versions.node)'
  const { status, stdout } = spawnSync(command, ['-e', program], { encoding: 'utf8', timeout: 60_000 })
  return status === 0 ? stdout.trim() : null
}

/** The process groups that are running. */
const groups = new Set<number>()

/** Kills the running process groups if a signal ends this process. */
export function endTogether(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const group of groups) endGroup(group)
      process.exit(1)
    })
  }
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // The group has just ended.
  }
}

/** A description of how a process ended; null for exit code 0. */
export function ended(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  limit: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    // In its own process group, so that its children can be killed with it.
    const child = spawn(command, args, { ...options, detached: true })
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (child.pid !== undefined) endGroup(child.pid)
    }, limit)
    if (child.pid !== undefined) groups.add(child.pid)
    const settle = (how: string | null): void => {
      clearTimeout(timer)
      // Ends children that it has not waited for.
      if (child.pid !== undefined) endGroup(child.pid)
      groups.delete(child.pid ?? 0)
      resolve(how)
    }
    child.on('error', (error) => settle(`could not be started: ${error.message}`))
    child.on('close', (status, signal) => {
      if (late) settle(`had not ended after ${limit / 1000} s`)
      else if (signal !== null) settle(`was ended by ${signal}`)
      else settle(status === 0 ? null : `ended with status ${status}`)
    })
  })
}
