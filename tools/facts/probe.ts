/**
 * Asks a C compiler for values without running anything, so that it works for a cross compiler too.
 *
 * Each expression becomes one C function whose inline assembly has it in a text (as the kernel's own asm-offsets do); the
 * compiler writes assembly text (-S), and the numbers are read from there. Each function is on one line, so a
 * diagnostic names the expression that the headers do not know: it is dropped, and the rest is tried again.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from './scratch.ts'

export interface Compiler {
  readonly command: string
  readonly args: readonly string[]
  /** Whose options it has, and whose words for errors. */
  readonly kind: 'gcc' | 'clang'
}

/** No warnings but the messages of pragmas, and nothing between the lines of errors. */
const quiet: Readonly<Record<Compiler['kind'], readonly string[]>> = {
  gcc: ['-w', '-fno-diagnostics-show-caret', '-ftrack-macro-expansion=0', '-fmax-errors=0'],
  clang: [
    '-Wno-everything',
    '-W#pragma-messages',
    '-fno-caret-diagnostics',
    '-fmacro-backtrace-limit=1',
    '-ferror-limit=0',
  ],
}

/** Headers that can be included in one translation unit. A missing header is left out. */
export type Unit = readonly string[]

/** The largest output expected (macro dumps are about 1 MB). */
const maxBuffer = 64 << 20

interface Output {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the compiler on C source text; throws if there is no such compiler. */
export function compile(compiler: Compiler, options: readonly string[], source: string): Output {
  const args = [...compiler.args, '-D_GNU_SOURCE', ...quiet[compiler.kind], ...options, '-xc', '-']
  const env = { ...process.env, LC_ALL: 'C' }
  const { error, status, stdout, stderr } = spawnSync(compiler.command, args, {
    input: source,
    encoding: 'utf8',
    maxBuffer,
    env,
  })
  if (error) throw error
  return { status, stdout, stderr }
}

export function includeLines(unit: Unit): string {
  return unit.map((header) => `#if __has_include(<${header}>)\n#include <${header}>\n#endif\n`).join('')
}

/** The names of all macros without parameters that the headers of `unit` define. */
export function macroNames(compiler: Compiler, unit: Unit): string[] {
  const { status, stdout, stderr } = compile(compiler, ['-E', '-dM'], includeLines(unit))
  if (status !== 0) throw new Error(`${compiler.command} cannot read ${unit.join(' ')}:\n${stderr}`)
  return Array.from(stdout.matchAll(/^#define (\w+)(?: |$)/gm), ([, name]) => name ?? '')
}

/** The values of integer constant expressions, by key. What the headers do not define is absent. */
export function evaluate(
  compiler: Compiler,
  unit: Unit,
  expressions: ReadonlyMap<string, string>,
): Map<string, bigint> {
  let left = [...expressions]
  for (;;) {
    // zig hands the standard input to the compiler as a file with a name of its own.
    const probes = left.map(([, expression], i) => probeLine(i, expression)).join('')
    const source = `${includeLines(unit)}#line 1 "<stdin>"\n${probes}`
    // zig cannot write to its standard output.
    const assembly = join(scratchFolder(), 'probe.s')
    const output = compile(compiler, ['-S', '-o', assembly, '-O0'], source)
    if (output.status === 0) return readValues(readFileSync(assembly, 'utf8'), left)
    const failed = failedLines(output.stderr)
    const remaining = left.filter((_, i) => !failed.has(1 + i))
    if (remaining.length === left.length) throw new Error(`${compiler.command} rejects a probe:\n${output.stderr}`)
    left = remaining
  }
}

/**
 * `%c0` prints a constant without the punctuation of an immediate. The value goes in two halves, as x86-64 has no
 * immediates of 64 bits; the third operand distinguishes -1 from 2^64 - 1.
 */
function probeLine(i: number, expression: string): string {
  const operands = [`(int)(long long)(${expression})`, `(int)((long long)(${expression}) >> 32)`, `(${expression}) < 0`]
  const inputs = operands.map((operand) => `"i"(${operand})`).join(', ')
  return `void probe${i}(void) { __asm__(".ascii \\"@fact ${i} %c0 %c1 %c2\\"" :: ${inputs}); }\n`
}

/** Lines of the standard input that errors point at; an error inside a header has another file's name and counts not. */
function failedLines(diagnostics: string): Set<number> {
  return new Set(Array.from(diagnostics.matchAll(/^<stdin>:(\d+):(?:\d+:)? error:/gm), ([, line]) => Number(line)))
}

/** An address (of a string, say) prints as a symbol, not as a number: no fact. */
function readValues(assembly: string, asked: readonly (readonly [string, string])[]): Map<string, bigint> {
  const values = new Map<string, bigint>()
  for (const match of assembly.matchAll(/"@fact (\d+) (-?\d+) (-?\d+) ([01])"/g)) {
    const [, index = '', low = '', high = '', negative] = match
    const [key] = asked[Number(index)] ?? []
    if (key === undefined) throw new Error(`the compiler printed a value that was not asked for: ${match[0]}`)
    const bits = (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low))
    values.set(key, negative === '1' ? BigInt.asIntN(64, bits) : bits)
  }
  return values
}
