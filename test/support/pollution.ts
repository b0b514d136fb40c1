import * as fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as os from 'osier'
import { DIST, declarationsOf } from '../../tools/declarations/functions.ts'
import { leavesProcessAsItWas } from './harm.ts'
import { publicFunctions, type Signature, signatureOf } from './signatures.ts'

/**
 * Calls every function of `os` and `os.promises` with every option of all of them in Object.prototype, and compares the
 * outcome with that of the same call without. In a process of its own, in an empty folder:
 *
 *     node pollution.js
 *
 * writes a report to the standard output.
 */

type Callable = (...args: readonly unknown[]) => unknown

/** A call that is made again and again, with new arguments each time. */
interface Call {
  readonly label: string
  readonly make: () => unknown
  readonly takesOptions: boolean
}

/** The number of the open file, which each call gets anew. */
const FD = 100
const FOLDER_FD = 101
const root = process.cwd()
const place = { fd: FD, folderFd: FOLDER_FD }

/**
 * Values that one option or another accepts. Each is given to all options at the same time. Calls of functions without
 * options are made with the first three alone.
 */
const values: Readonly<Record<string, unknown>> = {
  'a directory': FOLDER_FD,
  true: true,
  'an aborted signal': AbortSignal.abort(),
  'a mode': 0o700,
  false: false,
  text: 'r',
  'a list': [[os.POSIX_SPAWN_CLOSE, 1]],
  'a function': () => 1,
}

function prepare(): void {
  process.chdir(root)
  for (const name of fs.readdirSync('.')) fs.rmSync(name, { recursive: true })
  fs.writeFileSync('file', 'contents')
  fs.mkdirSync('folder')
  fs.writeFileSync('folder/inner', '')
  fs.mkdirSync('empty')
  fs.symlinkSync('file', 'link')
  for (const [name, flags, to] of [
    ['file', os.O_RDWR, FD],
    ['folder', os.O_RDONLY, FOLDER_FD],
  ] as const) {
    const fd = os.open(name, flags)
    os.dup2(fd, to, false)
    os.close(fd)
  }
}

/** The files of the folder, with types, modes and contents. */
function files(): string {
  process.chdir(root)
  const names = fs.readdirSync('.', { recursive: true, encoding: 'utf8' }).sort()
  return names
    .map((name) => {
      const { mode } = fs.lstatSync(name)
      return `${name} ${mode.toString(8)} ${os.path.isfile(name) ? fs.readFileSync(name, 'latin1') : ''}`
    })
    .join('\n')
}

/** The descriptors that are open, and what they are. */
function descriptors(): string {
  const names = fs.readdirSync('/proc/self/fd').filter((fd) => fs.existsSync(`/proc/self/fd/${fd}`))
  return names.join(' ')
}

/** Exhausts or closes a result, so that the calls that it makes are made, and describes it. */
async function finished(result: unknown): Promise<string> {
  if (typeof result !== 'object' || result === null) return inspect(result)
  if (result instanceof os.BinaryFile || result instanceof os.TextFile) return `${inspect(result.close())}`
  if ('cancel' in result) await (result as ReadableStream).cancel()
  else if ('getWriter' in result) await (result as WritableStream).close()
  else if ('destroy' in result)
    await new Promise<void>((done) => (result as fs.ReadStream).on('close', () => done()).destroy())
  else if ('next' in result) {
    const items: unknown[] = []
    for await (const item of result as unknown as AsyncIterable<unknown>) items.push(item)
    // fwalk yields descriptors, whose numbers depend on the order in which directories are opened.
    if ('close' in result) await (result as { close(): unknown }).close()
    return inspect(items, { depth: 4 }).replaceAll(/, \d+ \]/g, ', fd ]')
  }
  if ('close' in result) await (result as { close(): unknown }).close()
  return inspect(result, { depth: 4 })
}

interface Outcome {
  readonly text: string
  readonly files: string
}

/** The outcome of a call; the properties are in Object.prototype from before the call to its end. */
async function outcome({ make }: Call, names: readonly string[], value: unknown): Promise<Outcome> {
  prepare()
  const before = descriptors()
  let text: string
  for (const name of names) Reflect.set(Object.prototype, name, value)
  try {
    const result = await make()
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
    text = await finished(result)
    for (const item of [result].flat()) if (isNewDescriptor(item, before)) os.close(item)
  } catch (error) {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
    text = String(error)
  }
  return { text, files: files() }
}

function isNewDescriptor(item: unknown, before: string): item is number {
  return (
    typeof item === 'number' &&
    item > 2 &&
    fs.existsSync(`/proc/self/fd/${item}`) &&
    !` ${before} `.includes(` ${item} `)
  )
}

/** The calls of a function: with what it requires alone, with an empty object, and with each option by itself. */
function callsOf(name: string, fn: Callable, { positional, named }: Signature): Call[] {
  const required = positional.filter(({ isOptional }) => !isOptional)
  const options = [...positional.filter(({ isOptional }) => isOptional), ...named].filter(
    (one) => !one.isByPositionOnly,
  )
  const goods = (): unknown[] => required.map(({ kind }) => kind.good(place))
  return [
    { label: `${name}()`, make: () => fn(...goods()), takesOptions: options.length > 0 },
    ...(options.length > 0 ? [{ label: `${name}({})`, make: () => fn(...goods(), {}), takesOptions: true }] : []),
    ...options.map((one) => ({
      label: `${name}({ ${one.name} })`,
      make: () => fn(...goods(), { [one.name]: one.kind.good(place) }),
      takesOptions: true,
    })),
  ]
}

const functions = publicFunctions().filter(({ name }) => leavesProcessAsItWas(name) && !/^fork/.test(name))
const signatures = new Map<string, Signature>()
for (const one of functions) {
  const signature = signatureOf(one)
  if (!Array.isArray(signature)) signatures.set(one.name, signature)
}
const promised = new Set(declarationsOf(join(DIST, 'promises.d.ts')).map(({ name }) => name))
const synchronous: Readonly<Record<string, unknown>> = os
const twins: Readonly<Record<string, unknown>> = os.promises

const optionNames = new Set(['signal', 'ref', 'size', 'get', 'set', 'value', 'writable'])
for (const { positional, named } of signatures.values())
  for (const { name } of [...positional.filter(({ isOptional }) => isOptional), ...named]) optionNames.add(name)

const calls = [...signatures].flatMap(([name, signature]) => [
  ...callsOf(name, synchronous[name] as Callable, signature),
  ...(promised.has(name) ? callsOf(`promises.${name}`, twins[name] as Callable, signature) : []),
])

/**
 * Makes a call between two others that should have the same outcome. Some results change with time, as process ids and the
 * space that is free: where the two others always differ, the numbers in the outcomes are not compared.
 */
async function differenceThatStays(call: Call, value: unknown): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const [before, polluted, after] = [
      await outcome(call, [], undefined),
      await outcome(call, [...optionNames], value),
      await outcome(call, [], undefined),
    ]
    const varies = before.text !== after.text
    const [found, expected] = [polluted, before].map(({ text, files }) => (varies ? masked(text) : text) + files)
    if (found === expected) return undefined
    if (!varies || attempt === 5) return `${found}\n  instead of ${expected}`
  }
}

function masked(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{2}\b/g, 'n').replaceAll(/\d+(?:\.\d+)?/g, 'n')
}

const report = { calls: 0, functions: signatures.size, options: optionNames.size, wrong: [] as string[] }
prepare()
await os.promises.stat('file')
for (const call of calls) {
  const expected = await outcome(call, [], undefined)
  for (const [what, value] of Object.entries(values).slice(0, call.takesOptions ? undefined : 3)) {
    const polluted = await outcome(call, [...optionNames], value)
    report.calls++
    if (polluted.text === expected.text && polluted.files === expected.files) continue
    const difference = await differenceThatStays(call, value)
    if (difference !== undefined) report.wrong.push(`${call.label} with ${what}: ${difference}`)
  }
}
fs.writeSync(1, JSON.stringify(report))
