/** All facts of one target. */

import * as names from './names.ts'
import { newerConstants, newerFields, newerSyscalls } from './newer.ts'
import { type Compiler, evaluate, macroNames, type Unit } from './probe.ts'
import { type StructQuestion, sizedTypes, structFields, structs, structType, structUnit } from './structs.ts'

export type NumberTable = Record<string, number>

export interface Struct {
  readonly size: number
  readonly offsets: NumberTable
  readonly sizes: NumberTable
}

export interface Facts {
  readonly constants: NumberTable
  readonly errnoNumbers: NumberTable
  readonly signalNumbers: NumberTable
  readonly sysconfNames: NumberTable
  readonly pathconfNames: NumberTable
  readonly confstrNames: NumberTable
  readonly syscalls: NumberTable
  readonly sizes: NumberTable
  readonly structs: Record<string, Struct>
}

export function collectFacts(compiler: Compiler): Facts {
  const signals = macroNames(compiler, names.signalUnit).filter((name) => names.signalName.test(name))
  const errnos = macroNames(compiler, names.errnoUnit).filter((name) => names.errnoName.test(name))
  return {
    constants: withNewer(collectConstants(compiler), newerConstants),
    errnoNumbers: ask(compiler, names.errnoUnit, errnos),
    signalNumbers: ask(
      compiler,
      names.signalUnit,
      signals.filter((name) => !names.runtimeSignals.has(name)),
    ),
    sysconfNames: ask(compiler, names.libcUnit, names.sysconfNames, (name) => `_${name}`),
    pathconfNames: ask(compiler, names.libcUnit, names.pathconfNames, (name) => `_${name}`),
    confstrNames: ask(compiler, names.libcUnit, names.confstrNames, (name) => `_${name}`),
    syscalls: withNewer(
      ask(compiler, ['asm/unistd.h'], names.syscallNames, (name) => `__NR_${name}`),
      newerSyscalls,
    ),
    sizes: ask(compiler, names.libcUnit, sizedTypes, (type) => `sizeof(${type})`),
    structs: collectStructs(compiler),
  }
}

/** The first unit that defines a name takes precedence: the C library before the kernel. */
function collectConstants(compiler: Compiler): NumberTable {
  const table: NumberTable = {}
  for (const unit of [names.libcUnit, ...names.kernelUnits]) {
    const members = macroNames(compiler, unit).filter(names.isOfFamily)
    const wanted = [...new Set([...members, ...names.constantNames])].filter((name) => table[name] === undefined)
    Object.assign(table, ask(compiler, unit, wanted))
  }
  return table
}

/** All questions of a unit go to the compiler at once: it reads the headers anew each time. */
function collectStructs(compiler: Compiler): Record<string, Struct> {
  const result: Record<string, Struct> = {}
  for (const unit of [names.libcUnit, ...names.kernelUnits]) {
    const questions = Object.entries(structs).filter(([, question]) => structUnit(question) === unit)
    const expressions = new Map(questions.flatMap(([name, question]) => [...structExpressions(name, question)]))
    const values = ask(compiler, unit, [...expressions.keys()], (key) => expressions.get(key) ?? key)
    for (const [name, question] of questions) {
      const struct = shapeStruct(name, question, values)
      if (struct) result[name] = struct
    }
  }
  return result
}

function structExpressions(name: string, question: StructQuestion): Map<string, string> {
  const type = structType(name, question)
  const expressions = new Map([[`${name} size`, `sizeof(${type})`]])
  for (const field of structFields(question)) {
    expressions.set(`${name} offset ${field}`, `__builtin_offsetof(${type}, ${field})`)
    expressions.set(`${name} size ${field}`, `sizeof(((${type} *)0)->${field})`)
  }
  return expressions
}

function shapeStruct(name: string, question: StructQuestion, values: NumberTable): Struct | undefined {
  const size = values[`${name} size`]
  if (size === undefined) return undefined
  const [offsets, sizes]: [NumberTable, NumberTable] = [{}, {}]
  for (const field of structFields(question)) {
    const [offset, fieldSize] = [values[`${name} offset ${field}`], values[`${name} size ${field}`]]
    if (offset !== undefined && fieldSize !== undefined) [offsets[field], sizes[field]] = [offset, fieldSize]
  }
  for (const [field, [offset, fieldSize]] of Object.entries(newerFields[name] ?? {})) {
    addNewer(offsets, field, offset)
    addNewer(sizes, field, fieldSize)
  }
  return { size, offsets, sizes }
}

/** Values by name, for the names that the headers of `unit` know; `spell` gives the C expression of a name. */
function ask(
  compiler: Compiler,
  unit: Unit,
  wanted: readonly string[],
  spell: (name: string) => string = (name) => name,
): NumberTable {
  const values = evaluate(compiler, unit, new Map(wanted.map((name) => [name, spell(name)])))
  return Object.fromEntries(Array.from(values, ([name, value]) => [name, exactNumber(name, value)]))
}

function exactNumber(name: string, value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Error(`${name} is ${value}, which no number holds exactly`)
  return number
}

function withNewer(table: NumberTable, newer: Readonly<NumberTable>): NumberTable {
  for (const [name, value] of Object.entries(newer)) addNewer(table, name, value)
  return table
}

function addNewer(table: NumberTable, name: string, value: number): void {
  const known = table[name]
  if (known !== undefined && known !== value) throw new Error(`newer.ts gives ${name} ${value}, the headers ${known}`)
  table[name] = value
}
