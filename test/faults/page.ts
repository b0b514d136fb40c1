/** The section of docs/reliability.md about faults. */

import { release } from 'node:os'
import os from 'osier'
import { target } from '../../src/libc/facts.ts'
import { type Report, situationTable, syscallTable } from './report.ts'

/** The versions on which the tables depend: other versions of the C library and the kernel make other system calls. */
export function machine(): string {
  const [version] = release().match(/^\d+\.\d+/) ?? ['']
  return `${target}, ${libcVersion()}, Linux ${version}`
}

function libcVersion(): string {
  try {
    return os.confstr('CS_GNU_LIBC_VERSION') ?? 'musl'
  } catch {
    return 'musl'
  }
}

export function section(syscalls: ReadonlyMap<string, Report>, situations: ReadonlyMap<string, Report>): string {
  const parts = [
    `One run on ${machine()}.`,
    '### System calls that fail',
    syscallTable(syscalls),
    '### Other faults',
    situationTable(situations),
  ]
  return parts.join('\n\n')
}

/** The reports of runs; throws if a process has failed. */
export function completed(runs: ReadonlyMap<string, Report | string>): Map<string, Report> {
  const reports = new Map<string, Report>()
  for (const [name, report] of runs) {
    if (typeof report === 'string') throw new Error(`${name}: the process has failed: ${report}`)
    reports.set(name, report)
  }
  return reports
}
