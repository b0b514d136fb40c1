/**
 * A C file that asserts every fact: another way to the numbers than the generator's, to check the one by the other (as
 * the libc crate's ctest does). It is only compiled, so that the facts of other architectures can be checked here.
 */

import { join } from 'node:path'
import { kernelUnits, libcUnit } from './names.ts'
import { newerConstants, newerFields } from './newer.ts'
import { type Compiler, compile, includeLines, type Unit } from './probe.ts'
import { scratchFolder } from './scratch.ts'
import { structFields, structs, structType, structUnit } from './structs.ts'

export interface Verdict {
  /** What the headers say otherwise, such as `constants.O_RDONLY`. */
  readonly wrong: readonly string[]
  /** What no header knows. */
  readonly unknown: readonly string[]
}

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

/** The condition under which the C library has an enumerator: waitid(2), "Standards and history". */
const enumeratorsSince: Readonly<Record<string, string>> = {
  P_PIDFD: '!defined(__GLIBC__) || __GLIBC__ > 2 || __GLIBC_MINOR__ >= 36',
}

/** Enumerators of linux/io_uring.h. */
const ringEnumerators = /^constants\.(IORING_(OP|REGISTER)_\w+)$/

type Fact = readonly [path: string, value: number]

/** What the headers of this compiler say of facts by their path, such as `structs.stat.offsets.st_mode`. */
export function checkFacts(compiler: Compiler, facts: ReadonlyMap<string, number>): Verdict {
  const all = [...facts]
  const ofLibc = run(
    compiler,
    [...libcUnit, 'sys/syscall.h', 'stddef.h'],
    [...all.map(assertPlain), ...assertFields(all, libcUnit)],
  )
  // The C library takes precedence; the kernel has the rest.
  const left = all.filter(([path]) => !ofLibc.checked.has(path))
  const ofKernel = kernelUnits.map((unit) => {
    const constants = left.filter(([path]) => path.startsWith('constants.'))
    return run(
      compiler,
      [...unit, 'stddef.h'],
      [...constants.map(unit.includes('linux/io_uring.h') ? assertOfRing : assertMacro), ...assertFields(left, unit)],
    )
  })
  const outcomes = [ofLibc, ...ofKernel]
  return {
    wrong: outcomes.flatMap(({ wrong }) => wrong),
    unknown: left.map(([path]) => path).filter((path) => !ofKernel.some(({ checked }) => checked.has(path))),
  }
}

function assertPlain(fact: Fact): string {
  const [path, value] = fact
  const [table, name = ''] = path.split('.')
  if (table === 'structs') return ''
  if (table === 'sizes') return assertion(path, `sizeof(${name})`, value)
  if (!enumerators.test(name)) return assertMacro(fact)
  const added = enumeratorsSince[name]
  const asserted = assertion(path, name, value)
  return added === undefined ? asserted : `#if ${added}\n${asserted}\n#endif`
}

function assertMacro([path, value]: Fact): string {
  const [table = '', name = ''] = path.split('.')
  const spelled = spellings[table]?.(name)
  return `#ifdef ${spelled}\n${assertion(path, spelled, value)}\n#endif`
}

/** A constant of the headers that linux/io_uring.h is among; enumerators that older ones lack are left out. */
function assertOfRing(fact: Fact): string {
  const [path, value] = fact
  const name = ringEnumerators.exec(path)?.[1]
  if (name === undefined) return assertMacro(fact)
  return name in newerConstants ? '' : assertion(path, name, value)
}

function assertFields(facts: readonly Fact[], unit: Unit): string[] {
  const expressions = fieldExpressions(unit)
  return facts.map(([path, value]) => assertion(path, expressions.get(path), value))
}

/** C for each size and offset of the structures that this unit declares, by path. */
function fieldExpressions(unit: Unit): Map<string, string> {
  const expressions = new Map<string, string>()
  for (const [name, question] of Object.entries(structs)) {
    if (structUnit(question) !== unit) continue
    const type = structType(name, question)
    expressions.set(`structs.${name}.size`, `sizeof(${type})`)
    for (const field of structFields(question).filter((one) => newerFields[name]?.[one] === undefined)) {
      expressions.set(`structs.${name}.offsets.${field}`, `offsetof(${type}, ${field})`)
      expressions.set(`structs.${name}.sizes.${field}`, `sizeof ((${type} *)0)->${field}`)
    }
  }
  return expressions
}

/** On a separate line; the pragma proves that the compiler reached it. */
function assertion(path: string, expression: string | undefined, value: number): string {
  if (expression === undefined) return ''
  return `_Pragma("message(\\"checked ${path}\\")") _Static_assert((long long)(${expression}) == ${value}LL, "${path}");`
}

interface Outcome {
  readonly wrong: readonly string[]
  readonly checked: ReadonlySet<string>
}

function run(compiler: Compiler, unit: Unit, assertions: readonly string[]): Outcome {
  const source = `${includeLines(unit)}\n${assertions.join('\n')}\n`
  // Not -fsyntax-only, for which zig builds the C library first.
  const { status, stderr } = compile(compiler, ['-S', '-o', join(scratchFolder(), 'assertions.s')], source)
  const find = (pattern: RegExp): string[] => Array.from(stderr.matchAll(pattern), ([, path]) => path ?? '')
  const wrong = find(/error: static assertion failed[^\n]*: "?([\w.]+)"?$/gm)
  const errors = find(/ error: (.*)/g)
  // Any other message than a failed assertion is an error in the program.
  if ((status === 0) !== (wrong.length === 0) || errors.length !== wrong.length) {
    throw new Error(`${compiler.command} rejects the assertions:\n${stderr.slice(0, 4000)}`)
  }
  return { wrong, checked: new Set(find(/(?:message|warning): checked ([\w.]+)/g)) }
}
