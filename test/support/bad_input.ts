import * as fs from 'node:fs'
import * as os from 'osier'
import { declarationsOf } from '../../tools/declarations/functions.ts'
import { harmUnstated, isHarmless } from './harm.ts'
import { HostileError, hostileValues, type TestValue } from './hostile_values.ts'
import { type Kind, kinds, type Place } from './kinds.ts'
import { isOfOtherRuntime, isOpen } from './open_files.ts'
import { publicFunctions, type Signature, type SignatureParameter, signatureOf, waiting } from './signatures.ts'

/**
 * Gives every exported function every value of the zoo in every place, and looks at what comes of it. Runs in a process
 * of its own, because the worst that can come of it is the end of the process:
 *
 *     node bad_input.js FOLDER [promises | MODULE DECLARATIONS]
 *
 * works in FOLDER/inside, must not touch FOLDER/outside, and writes what it finds wrong to FOLDER/report.json.
 * With `promises` it does so with the functions of `os.promises`, which must refuse what those of `os` refuse, in the same
 * words, but never by throwing. With a module, it does so with the functions of that one, which its declarations describe.
 */

const [, , root = '', which = 'os', declarations] = process.argv
const isAsynchronous = which === 'promises'
const synchronous: Readonly<Record<string, unknown>> = os
const tested: Readonly<Record<string, unknown>> =
  declarations !== undefined ? await import(which) : isAsynchronous ? os.promises : os
const functions = declarations === undefined ? publicFunctions() : declarationsOf(declarations)

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

/** Puts back what the calls of a function have done to the open file: one of 2 GB takes its time to be read. */
function restoreFile(fd: number): void {
  fs.ftruncateSync(fd, 0)
  fs.writeSync(fd, 'contents', 0)
  os.lseek(fd, 0, os.SEEK_SET)
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

/** What a value in a parameter's place must come to; undefined where it may also be taken, or refused by the system. */
type Verdict = 'type' | 'value' | 'range' | undefined

function verdict(specimen: TestValue, { kind, isOptional }: SignatureParameter): Verdict {
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

const options: SignatureParameter = {
  name: 'options',
  kind: { good: () => undefined, accepts: [] },
  isOptional: true,
  isByPositionOnly: true,
}

interface Case {
  readonly args: readonly unknown[]
  readonly parameter: SignatureParameter
  readonly specimen: TestValue
  readonly form: string
}

const nothing: TestValue = { name: 'nothing', sort: 'undefined', value: undefined }

function* cases({ positional, named }: Signature, place: Place, specimens: readonly TestValue[]): Generator<Case> {
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
    const parameter = {
      ...missing[0],
      name: `(${missing.map(({ name }) => name).join('|')})`,
      kind,
    } as SignatureParameter
    yield { args: goods.slice(0, count), parameter, specimen: nothing, form: `${count} arguments` }
  }
}

/** What the functions of `os.promises` take beside the options of their twins; `ref` only those that wait. */
function* casesOfPromises(
  name: string,
  { positional }: Signature,
  place: Place,
  specimens: readonly TestValue[],
): Generator<Case> {
  const goods = positional.filter(({ isOptional }) => !isOptional).map(({ kind }) => kind.good(place))
  const added = [{ name: 'signal', kind: SIGNAL }, ...(waiting.has(name) ? [{ name: 'ref', kind: kinds.bool }] : [])]
  for (const { name, kind } of added as readonly Pick<SignatureParameter, 'name' | 'kind'>[]) {
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
  for (const value of [result].flat()) {
    const mayBeOpened = typeof value === 'number' && value >= before.free && !before.fds.includes(value)
    if (mayBeOpened && isOpen(value) && !isOfOtherRuntime(value)) os.close(value)
  }
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

/** Makes one call. Returns what is wrong with its result or error. */
async function attempt(name: string, callable: Callable, one: Case, before: Open): Promise<string | undefined> {
  const wanted = verdict(one.specimen, one.parameter)
  try {
    const result = isAsynchronous ? await settled(callable, one.args) : call(callable, one.args)
    dispose(result, before)
    // What has been done may be in the way of the next call.
    tidy()
    if (wanted !== undefined) return `was accepted, and returned ${typeof result}`
  } catch (error) {
    const wrong = wrongWith(error, wanted, one)
    if (wrong !== undefined) return wrong
    const isShared = one.parameter.name !== 'signal' && one.parameter.name !== 'ref'
    if (isAsynchronous && isShared && wanted !== undefined && one.specimen.flaw !== 'hostile') {
      const refusal = refusalOf(name, one.args, before)
      if (String(error) !== refusal) return `${error}, but os: ${refusal}`
    }
  }
  return undefined
}

/** What calls have left behind that they should not: descriptors, which are closed, and changes outside. */
function leftBehind(before: Open, state: string): string[] {
  const leaked = lowestFree() === before.free ? [] : openedSince(before).filter((fd) => !isOfOtherRuntime(fd))
  for (const fd of leaked) os.close(fd)
  return [
    ...(leaked.length > 0 ? [`leaves ${leaked.length} descriptors open`] : []),
    ...(sentinelState() === state ? [] : ['touched the file outside']),
  ]
}

/**
 * Makes calls. Returns what is wrong with each of them, and with what they leave behind: that is looked at once, since it
 * takes longer than the calls, and the call that left it is searched for by making half of the calls again, and again.
 */
async function attemptAll(name: string, callable: Callable, all: readonly Case[], before: Open): Promise<string[]> {
  const wrong: string[] = []
  const state = sentinelState()
  for (const one of all) {
    const what = await attempt(name, callable, one, before)
    if (what !== undefined) wrong.push(`${described(name, one)}: ${what}`)
  }
  tidy()
  const left = leftBehind(before, state)
  if (left.length === 0) return wrong
  const [first, second] = all
  if (first === undefined || second === undefined) return [...wrong, `${described(name, first)}: ${left.join(', ')}`]
  const middle = all.length >> 1
  const found = [
    ...(await attemptAll(name, callable, all.slice(0, middle), before)),
    ...(await attemptAll(name, callable, all.slice(middle), before)),
  ].filter((what) => !wrong.includes(what))
  const unfound = `${name}: ${left.join(', ')}, with one of ${all.length} values, but not when called again`
  return [...wrong, ...(found.length > 0 ? found : [unfound])]
}

function described(name: string, one: Case | undefined): string {
  return `${name}, ${one?.form} = ${one?.specimen.name}`
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
tidy()
const place = { fd: fs.openSync('file', 'r+'), folderFd: fs.openSync('folder', 'r') }

// The pool has descriptors of its own.
await os.promises.stat('file')

const declared = new Map(functions.map((one) => [one.name, one]))

for (const [name, callable] of Object.entries(tested)) {
  const one = declared.get(name)
  if (one === undefined) continue
  const signature = signatureOf(one)
  const complaints = [...(Array.isArray(signature) ? signature : []), ...harmUnstated([name])]
  report.wrong.push(...complaints)
  // What a function does of which nothing is said may be worse than a failing test.
  if (Array.isArray(signature) || complaints.length > 0) continue
  report.functions++
  // What waits for other processes, or for what others write, would do so for ever with many a value that is accepted.
  const isRefusedOnly = !isHarmless(name) || (isAsynchronous && waiting.has(name))
  // New ones for each function: some write into the memory that they are given.
  const specimens = hostileValues(sentinel, 'file', 'folder')
  const all = [
    ...cases(signature, place, specimens),
    ...(isAsynchronous ? casesOfPromises(name, signature, place, specimens) : []),
  ].filter((one) => !hitsStandardStream(one) && (!isRefusedOnly || isRefused(one)))
  report.calls += all.length
  restoreFile(place.fd)
  report.wrong.push(...(await attemptAll(name, callable as Callable, all, openDescriptors())))
}

if (fs.readdirSync(`${root}/outside`).length !== 1) report.wrong.push('something was made outside')
fs.closeSync(place.fd)
fs.closeSync(place.folderFd)
fs.writeFileSync(`${root}/report.json`, JSON.stringify(report))
