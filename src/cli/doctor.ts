import { machine, release, type } from 'node:os'
import { parseArgs } from 'node:util'
import python from '../index.ts'
import { target } from '../libc/facts.ts'
import micropython, { vfs } from '../micropython.ts'
import * as path from '../path.ts'
import { VERSION } from '../release.ts'
import { openRing, whyNoRing } from '../ring/availability.ts'

type Kind = 'function' | 'class' | 'constant'

interface Finding {
  readonly kind: Kind
  readonly available: boolean
}

interface Report {
  readonly osier: string
  readonly node: string
  readonly platform: string
  /** The platform whose facts are used; null on a platform for which osier has none. */
  readonly target: string | null
  readonly kernel: string
  /** null if users have no numeric ids. */
  readonly uid: number | null
  /** Whether promises use io_uring; if not, the reason why they use the thread pool only. */
  readonly io_uring: true | string
  readonly modules: Readonly<Record<string, Readonly<Record<string, Finding>>>>
}

/** Prints which functions this platform has, as a table or as JSON. */
export function doctor(args: readonly string[]): void {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } }, strict: true })
  const report = examine()
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : asText(report))
}

function examine(): Report {
  return {
    osier: VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    target,
    // From node:os, because `os.uname` does not work on every platform.
    kernel: `${type()} ${release()} ${machine()}`,
    uid: process.getuid?.() ?? null,
    io_uring: openRing() !== null || whyNoRing(),
    modules: {
      osier: findings(python),
      'osier/path': findings(path),
      'osier/micropython': findings(micropython),
      'osier/micropython vfs': findings(vfs),
    },
  }
}

function findings(module: object): Record<string, Finding> {
  const names = Object.entries(module).filter(([name]) => name !== 'default')
  return Object.fromEntries(
    names
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, { kind: kindOf(value), available: isAvailable(value) }]),
  )
}

function kindOf(value: unknown): Kind {
  if (typeof value !== 'function') return 'constant'
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function'
}

/** The values that `is_available` accepts. */
const known = new Set<unknown>(Object.values(python))

function isAvailable(value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value !== 'function' || kindOf(value) === 'class' || !known.has(value)) return true
  return python.is_available(value as () => unknown)
}

function asText(report: Report): string {
  const lines = [
    `osier ${report.osier}, Node ${report.node}, ${report.kernel}`,
    `${report.platform}, C library: ${report.target ?? 'unknown to osier'}, user ${report.uid ?? 'unknown'}`,
    `io_uring: ${report.io_uring === true ? 'used by osier/promises' : `not used: ${report.io_uring}`}`,
  ]
  for (const [module, names] of Object.entries(report.modules)) {
    const entries = Object.entries(names)
    const available = entries.filter(([, finding]) => finding.available)
    lines.push('', `${module}: ${available.length} of ${entries.length} names`)
    for (const [name, { kind, available: here }] of entries)
      lines.push(`  ${here ? 'yes' : 'no '} ${kind.padEnd(8)} ${name}`)
  }
  return `${lines.join('\n')}\n`
}
