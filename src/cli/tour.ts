import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Runs the programs of the tour, which are part of the source tree and not of the package. */
export function tour(names: readonly string[]): void {
  const runner = fileURLToPath(new URL('../../build/examples/tour/run.js', import.meta.url))
  if (!existsSync(runner)) {
    process.stderr.write('osier: the tour comes with the source of osier, and is built there by `npm run build`\n')
    process.exitCode = 1
    return
  }
  const { status } = spawnSync(process.execPath, [runner, ...names], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
