import * as fs from 'node:fs'
import * as os from 'osier'
import { HostileError, hostileValues, type TestValue } from './hostile_values.ts'
import { isOfOtherRuntime } from './open_files.ts'
import { harmful, internalClasses, type Kind, kinds, type Place, signatures, waiting } from './signatures.ts'

/**
 * Gives every exported function every value of the zoo in every place, and looks at what comes of it. Runs in a process
 * of its own, because the worst that can come of it is the end of the process:
 *
 *     node bad_input.js FOLDER [promises]
 *
 * works in FOLDER/inside, must not touch FOLDER/outside, and writes what it finds wrong to FOLDER/report.json.
 * With `promises` it does so with the functions of `os.promises`, which must refuse what those of `os` refuse, in the same
 * words, but never by throwing.
 */

const [, , root = '', which = 'os'] = process.argv
const isAsynchronous = which === 'promises'
const synchronous: Readonly<Record<string, unknown>> = os
const tested: Readonly<Record<string, unknown>> = isAsynchronous ? os.promises : os

const sentinel = `${root}/outside/sentinel`
fs.mkdirSync(`${root}/outside`)
fs.mkdirSync(`${root}/inside`)
fs.writeFileSync(sentinel, 'untouched')
process.chdir(`${root}/inside`)

const entries: Readonly<Record<string, () => void>> = {
  file: () => fs.writeFileSync('file', 'contents'),
  folder: () => {
    fs.mkdirSync('folder')
    fs.writeFileSync('folder/inner', '')
  },
  empty: () => fs.mkdirSync('empty'),
  link: () => fs.symlinkSync('file', 'link'),
}

const names = Object.keys(entries).sort().join()

function remove(name: string): void {
  try {
    fs.rmSync(name, { recursive: true })
  } catch {
    // A directory whose mode forbids it, except to root.
    fs.chmodSync(name, 0o700)
    fs.rmSync(name, { recursive: true })
  }
}

/** Puts back what a call has removed, and removes what it has made. */
function tidy(): void {
  process.chdir(`${root}/inside`)
  const found = fs.readdirSync(Buffer.from('.'), 'buffer')
  if (found.sort(Buffer.compare).join() === names) return
  for (const name of found) {
    if (!(name.toString('latin1') in entries)) remove(name as unknown as string)
  }
  for (const [name, make] of Object.entries(entries)) {
    if (fs.lstatSync(name, { throwIfNoEntry: false }) === undefined) make()
  }
}

interface Parameter {
  readonly name: string
  readonly kind: Kind
  readonly isOptional: boolean
  readonly isByPositionOnly: boolean
}

function parse(signature: string): { positional: Parameter[]; named: Parameter[] } {
  const [first = '', second = ''] = signature.split(';')
  const [positional, named] = [first, second].map((list) =>
    [...list.matchAll(/(\w+)([?!]*):(\w+)/g)].map(([, name = '', mark, kindName = '']): Parameter => {
      const kind = kinds[kindName]
      if (kind === undefined) throw new Error(`unknown kind ${kindName} in "${signature}"`)
      return { name, kind, isOptional: mark !== '', isByPositionOnly: mark === '?!' }
    }),
  )
  return { positional: positional ?? [], named: named ?? [] }
}

/** What a value in a parameter's place must come to; undefined where it may also be taken, or refused by the system. */
type Verdict = 'type' | 'value' | 'range' | undefined

function verdict(specimen: TestValue, { kind, isOptional }: Parameter): Verdict {
  const { sort, flaw, value } = specimen
  if (sort === 'undefined' && isOptional) return undefined
  if (kind.isAnyObject && kind.accepts.includes(sort)) return undefined
  if (!kind.accepts.includes(sort)) return 'type'
  if (flaw === 'type') return 'type'
  if (flaw === 'hostile') return undefined
  if (flaw === 'NUL' || flaw === 'surrogate') return kind.isPath ? 'value' : undefined
  const number = sort === 'descriptor' ? specimen.fd : value
  if (typeof number === 'number' || typeof number === 'bigint') return kind.refuses?.(number) ? 'range' : undefined
  return undefined
}

const options: Parameter = {
  name: 'options',
  kind: { good: () => undefined, accepts: [] },
  isOptional: true,
  isByPositionOnly: true,
}

interface Case {
  readonly args: readonly unknown[]
  readonly parameter: Parameter
  readonly specimen: TestValue
  readonly form: string
}

const nothing: TestValue = { name: 'nothing', sort: 'undefined', value: undefined }

function* cases(signature: string, place: Place, specimens: readonly TestValue[]): Generator<Case> {
  const { positional, named } = parse(signature)
  const goods = positional.map(({ kind }) => kind.good(place))
  const required = positional.filter(({ isOptional }) => !isOptional).length
  for (const specimen of specimens) {
    for (const [index, parameter] of positional.entries()) {
      const args = goods.slice(0, Math.max(required, index + 1))
      args[index] = specimen.value
      yield { args, parameter, specimen, form: parameter.name }
    }
    for (const parameter of [...positional.slice(required), ...named].filter((one) => !one.isByPositionOnly)) {
      const args = [...goods.slice(0, required), { [parameter.name]: specimen.value }]
      yield { args, parameter: { ...parameter, isOptional: true }, specimen, form: `{ ${parameter.name} }` }
    }
    if (named.length > 0) yield { args: [...goods, specimen.value], parameter: options, specimen, form: 'options' }
  }
  for (let count = 0; count < required; count++) {
    const missing = positional.slice(count, required)
    const kind: Kind = {
      good: () => undefined,
      accepts: missing.every((one) => one.kind.accepts.includes('undefined')) ? ['undefined'] : [],
    }
    // Which of those that are missing is told of is all one.
    const parameter = { ...missing[0], name: `(${missing.map(({ name }) => name).join('|')})`, kind } as Parameter
    yield { args: goods.slice(0, count), parameter, specimen: nothing, form: `${count} arguments` }
  }
}

/** What the functions of `os.promises` take beside the options of their twins; `ref` only those that wait. */
function* casesOfPromises(name: string, place: Place, specimens: readonly TestValue[]): Generator<Case> {
  const { positional } = parse(signatures[name] ?? '')
  const goods = positional.filter(({ isOptional }) => !isOptional).map(({ kind }) => kind.good(place))
  const added = [{ name: 'signal', kind: SIGNAL }, ...(waiting.has(name) ? [{ name: 'ref', kind: kinds.bool }] : [])]
  for (const { name, kind } of added as readonly Pick<Parameter, 'name' | 'kind'>[]) {
    const parameter = { name, kind, isOptional: true, isByPositionOnly: false }
    for (const specimen of specimens) {
      yield { args: [...goods, { [name]: specimen.value }], parameter, specimen, form: `{ ${name} }` }
    }
  }
}

/** There is none in the zoo. */
const SIGNAL: Kind = { good: () => undefined, accepts: [] }

/** What is wrong with an error, if anything. */
function wrongWith(error: unknown, wanted: Verdict, { parameter, specimen }: Case): string | undefined {
  if (specimen.flaw === 'hostile' && [HostileError, TypeError, RangeError].some((Class) => error instanceof Class))
    return undefined
  if (parameter.kind.isAnyObject && (error instanceof TypeError || error instanceof RangeError)) return undefined
  if (specimen.value === error || (specimen.sort === 'function' && error instanceof HostileError)) return undefined
  if (error instanceof os.OSError) return wanted === undefined ? wrongFields(error) : 'the system was asked'
  if (error instanceof os.NotImplementedError) return undefined
  if (!(error instanceof TypeError) && !(error instanceof RangeError)) return `${error}`
  const { code, message } = error as Error & { code?: string }
  if (specimen.sort === 'url' && code?.startsWith('ERR_INVALID_')) return undefined
  const codes = { type: 'ERR_INVALID_ARG_TYPE', value: 'ERR_INVALID_ARG_VALUE', range: 'ERR_OUT_OF_RANGE' }
  if (wanted === undefined && !Object.values(codes).includes(code ?? '')) return `${error} has no code of ours: ${code}`
  if (wanted !== undefined && code !== codes[wanted] && !(specimen === nothing && code === codes.value))
    return `not refused as ${codes[wanted]}: ${error}`
  if (error instanceof TypeError !== (code === codes.type)) return `${error.name} with the code ${code}`
  // A plain object in the place of an optional argument is taken for the options.
  const named = new RegExp(`^The "${parameter.name}${parameter.isOptional ? '|^The "options"' : ''}`).test(message)
  if (!named || !/^The ".+" argument .+, received .*[^.]$/.test(message)) return `badly worded: ${message}`
  if (message.length > 1000) return `a message of ${message.length} characters`
  return undefined
}

function wrongFields(error: os.OSError): string | undefined {
  const { errno, strerror, code, syscall, message, path } = error
  const complete = errno > 0 && strerror.length > 0 && /^E[A-Z0-9]+$/.test(code) && syscall !== undefined
  const worded = message.startsWith(`${code}: ${strerror}, ${syscall}`) && (!path || message.includes(`'${path}'`))
  return complete && worded ? undefined : `incomplete: ${message.slice(0, 200)}`
}

interface Open {
  /** The lowest number that is free: what is opened takes it, so that it tells quickly whether anything was. */
  readonly free: number
  readonly fds: readonly number[]
}

function lowestFree(): number {
  const fd = fs.openSync('/dev/null', 'r')
  fs.closeSync(fd)
  return fd
}

function openDescriptors(): Open {
  const fds = fs.readdirSync('/proc/self/fd')
  // The descriptor of the listing is in it, and gone by now.
  const left = fds.filter((fd) => fs.lstatSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }))
  return { free: lowestFree(), fds: left.map(Number) }
}

function openedSince(before: Open): number[] {
  return openDescriptors().fds.filter((fd) => !before.fds.includes(fd))
}

/** Uses up what a call has returned, and closes it. */
function dispose(result: unknown, before: Open): void {
  const numbers = [result].flat().filter((value): value is number => typeof value === 'number')
  if (numbers.length > 0) for (const fd of openedSince(before)) if (numbers.includes(fd)) os.close(fd)
  if (typeof result !== 'object' || result === null || !('next' in result)) return
  const iterator = result as Iterator<unknown> & Partial<Disposable>
  try {
    iterator.next()
    iterator.next()
  } finally {
    iterator.return?.()
  }
}

type Callable = (...args: readonly unknown[]) => unknown

function isClass(callable: Callable): boolean {
  return Function.prototype.toString.call(callable).startsWith('class')
}

function call(callable: Callable, args: readonly unknown[]): unknown {
  return isClass(callable) ? Reflect.construct(callable, args) : callable(...args)
}

/** The same for what gives a promise, or an async iterator; what it uses up in the end. */
async function settled(callable: Callable, args: readonly unknown[]): Promise<unknown> {
  let result: unknown
  try {
    result = callable(...args)
  } catch (error) {
    throw new Error(`it does not reject, but throws ${error}`)
  }
  if (result instanceof Promise) return result
  const iterator = result as AsyncIterator<unknown>
  try {
    await iterator.next()
    await iterator.next()
  } finally {
    await iterator.return?.()
  }
  return undefined
}

/** What the synchronous function says of what it must refuse. */
function refusalOf(name: string, args: readonly unknown[], before: Open): string {
  try {
    dispose(call(synchronous[name] as Callable, args), before)
    return 'is not refused'
  } catch (error) {
    return String(error)
  }
}

/** Makes one call. Gives back what is wrong with what came of it. */
async function attempt(name: string, callable: Callable, one: Case, before: Open): Promise<string | undefined> {
  const wanted = verdict(one.specimen, one.parameter)
  try {
    const result = isAsynchronous ? await settled(callable, one.args) : call(callable, one.args)
    dispose(result, before)
    if (wanted !== undefined) return `was taken, and came to ${typeof result}`
  } catch (error) {
    const wrong = wrongWith(error, wanted, one)
    if (wrong !== undefined) return wrong
    const isShared = one.parameter.name !== 'signal' && one.parameter.name !== 'ref'
    if (isAsynchronous && isShared && wanted !== undefined && one.specimen.flaw !== 'hostile') {
      const refusal = refusalOf(name, one.args, before)
      if (String(error) !== refusal) return `${error}, but os: ${refusal}`
    }
  }
  const leaked = lowestFree() === before.free ? [] : openedSince(before).filter((fd) => !isOfOtherRuntime(fd))
  for (const fd of leaked) os.close(fd)
  return leaked.length > 0 ? `leaves ${leaked.length} descriptors open` : undefined
}

/** Whether the call cannot come as far as doing anything. */
function isRefused({ specimen, parameter }: Case): boolean {
  return verdict(specimen, parameter) !== undefined
}

/** -0 as a descriptor is standard input, which is not the zoo's to play with. */
function hitsStandardStream({ specimen, parameter }: Case): boolean {
  return Object.is(specimen.value, -0) && parameter.kind.accepts.includes('descriptor')
}

function sentinelState(): string {
  const { mtimeNs, ctimeNs, size, mode, nlink } = fs.lstatSync(sentinel, { bigint: true })
  return [mtimeNs, ctimeNs, size, mode, nlink].join()
}

const report = { calls: 0, functions: 0, wrong: [] as string[] }
const specimens = hostileValues(sentinel, 'file', 'folder')
tidy()
const place = { fd: fs.openSync('file', 'r+'), folderFd: fs.openSync('folder', 'r') }

// The pool has descriptors of its own.
await os.promises.stat('file')

for (const [name, callable] of Object.entries(tested)) {
  if (typeof callable !== 'function' || callable.prototype instanceof Error || name in internalClasses) continue
  if (isAsynchronous && !(name in os)) continue
  const signature = signatures[name]
  if (signature === undefined) {
    if (os.is_available(callable as Callable)) report.wrong.push(`${name} is not in signatures.ts`)
    continue
  }
  report.functions++
  const before = openDescriptors()
  // What waits for other processes, or for what others write, would do so for ever with many a value that is taken.
  const isRefusedOnly = harmful.has(name) || (isAsynchronous && waiting.has(name))
  const all = [
    ...cases(signature, place, specimens),
    ...(isAsynchronous ? casesOfPromises(name, place, specimens) : []),
  ]
  for (const one of all) {
    if (hitsStandardStream(one) || (isRefusedOnly && !isRefused(one))) continue
    report.calls++
    const state = sentinelState()
    const wrong = await attempt(name, callable as Callable, one, before)
    const touched = sentinelState() === state ? undefined : 'touched the file outside'
    for (const what of [wrong, touched]) {
      if (what !== undefined) report.wrong.push(`${name}, ${one.form} = ${one.specimen.name}: ${what}`)
    }
    tidy()
  }
}

if (fs.readdirSync(`${root}/outside`).length !== 1) report.wrong.push('something was made outside')
for (const name of Object.keys(signatures)) {
  if (!(name in synchronous)) report.wrong.push(`${name} is in signatures.ts, but not exported`)
}
fs.closeSync(place.fd)
fs.closeSync(place.folderFd)
fs.writeFileSync(`${root}/report.json`, JSON.stringify(report))
