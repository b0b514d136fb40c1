/**
 * A C program that prints every fact with printf when it is run: another way to the numbers than the generator's, to
 * check the one by the other (as the libc crate's ctest does). Needs a compiler and C library of this very machine.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kernelUnits, libcUnit } from './names.ts'
import { newerFields } from './newer.ts'
import { type Compiler, compile, includeLines, type Unit } from './probe.ts'
import { structFields, structs, structType, structUnit } from './structs.ts'

/** How a name of each table is spelled in C. */
const spellings: Readonly<Record<string, (name: string) => string>> = {
  constants: (name) => name,
  errnoNumbers: (name) => name,
  signalNumbers: (name) => name,
  sysconfNames: (name) => `_${name}`,
  pathconfNames: (name) => `_${name}`,
  confstrNames: (name) => `_${name}`,
  syscalls: (name) => `SYS_${name}`,
}

/** Members of C's idtype_t, which are no macros that #ifdef could see. */
const enumerators = /^P_(ALL|PID|PGID|PIDFD)$/

const prologue = `
#include <stdio.h>
#define PRINT(fact, value) \\
  do { \\
    if ((value) < 0) printf("%s %lld\\n", fact, (long long)(value)); \\
    else printf("%s %llu\\n", fact, (unsigned long long)(value)); \\
  } while (0)
`

/**
 * Values by path, such as `constants.O_RDONLY` or `structs.stat.offsets.st_mode`, of those of the `wanted` paths that
 * this machine's headers know.
 */
export function printFacts(compiler: Compiler, wanted: readonly string[]): Map<string, number> {
  const libc: Unit = [...libcUnit, 'sys/syscall.h']
  const constants = wanted.filter((fact) => fact.startsWith('constants.'))
  const printed = new Map<string, number>()
  for (const unit of kernelUnits) {
    run(compiler, unit, [...constants.map(printMacro), ...printStructs(wanted, unit)], printed)
  }
  // The C library last, as it has the say.
  run(compiler, libc, [...wanted.map(printPlain), ...printStructs(wanted, libcUnit)], printed)
  return printed
}

function printPlain(fact: string): string {
  const [table, name = ''] = fact.split('.')
  if (table === 'structs') return ''
  if (table === 'sizes') return print(fact, `sizeof(${name})`)
  return enumerators.test(name) ? print(fact, name) : printMacro(fact)
}

function printMacro(fact: string): string {
  const [table = '', name = ''] = fact.split('.')
  const spelled = spellings[table]?.(name)
  return `#ifdef ${spelled}\n${print(fact, spelled)}\n#endif`
}

/** Measures a variable of the type, where the generator uses offsetof. */
function printStructs(wanted: readonly string[], unit: Unit): string[] {
  return Object.entries(structs)
    .filter(([, question]) => structUnit(question) === unit)
    .map(([name, question]) => {
      const fields = structFields(question).filter((field) => newerFields[name]?.[field] === undefined)
      const expressions = new Map([[`structs.${name}.size`, 'sizeof it']])
      for (const field of fields) {
        expressions.set(`structs.${name}.offsets.${field}`, `(char *)&it.${field} - (char *)&it`)
        expressions.set(`structs.${name}.sizes.${field}`, `sizeof it.${field}`)
      }
      const lines = wanted.map((fact) => print(fact, expressions.get(fact)))
      return `{ ${structType(name, question)} it;\n${lines.join('\n')}\n}`
    })
}

function print(fact: string, expression: string | undefined): string {
  return expression === undefined ? '' : `PRINT("${fact}", ${expression});`
}

function run(compiler: Compiler, unit: Unit, statements: readonly string[], printed: Map<string, number>): void {
  const source = `${includeLines(unit)}${prologue}int main(void) {\n${statements.join('\n')}\nreturn 0;\n}\n`
  const folder = mkdtempSync(join(tmpdir(), 'osier-print-'))
  try {
    const program = join(folder, 'print')
    const { status, stderr } = compile(compiler, ['-o', program], source)
    if (status !== 0) throw new Error(`${compiler.command} rejects the printing program:\n${stderr}`)
    const { stdout } = spawnSync(program, { encoding: 'utf8' })
    for (const [, fact = '', value] of stdout.matchAll(/^(\S+) (-?\d+)$/gm)) printed.set(fact, Number(value))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
