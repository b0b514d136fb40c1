import * as fs from 'node:fs'
import * as os from 'osier'
import { quoted } from '../../src/errors.ts'
import { declarationsOf } from '../../tools/declarations/functions.ts'
import { harmUnstated, isHarmless } from './harm.ts'
import { HostileError, hostileValues, type TestValue } from './hostile_values.ts'
import { type Kind, kinds, type Place } from './kinds.ts'
import { isOfOtherRuntime, isOpen } from './open_files.ts'
import { publicFunctions, type Signature, type SignatureParameter, signatureOf, waiting } from './signatures.ts'

/**
 * Calls every exported function with every hostile value in every parameter, and checks results and errors. Runs in a
 * process of its own, because the worst result is a crash:
 *
 *     node bad_input.js FOLDER [promises | MODULE DECLARATIONS]
 *
 * works in FOLDER/inside, must not touch FOLDER/outside, and writes what is wrong to FOLDER/report.json.
 * With `promises` it calls the functions of `os.promises`, which must reject with the errors that those of `os` throw,
 * and never throw. With a module, it calls the functions of that module, which DECLARATIONS describes.
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

// What promises open at their first use, and keep open, is not counted below.
if (isAsynchronous) await os.promises.statx('.', os.STATX_SIZE)

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

/** Restores the contents of the open file, which may have grown to 2 GB: reading that much would be slow. */
function restoreFile(fd: number): void {
  fs.ftruncateSync(fd, 0)
  fs.writeSync(fd, 'contents', 0)
  os.lseek(fd, 0, os.SEEK_SET)
}

/** Restores the files that a call has removed, and removes those that it has made. */
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

/** How a value must be refused; undefined where it may be accepted, or refused by the system. */
type Verdict = 'type' | 'value' | 'range' | undefined

function verdict(testValue: TestValue, { kind, isOptional }: SignatureParameter): Verdict {
  const { sort, flaw, value } = testValue
  if (sort === 'undefined' && isOptional) return undefined
  if (kind.isAnyObject && kind.accepts.includes(sort)) return undefined
  if (!kind.accepts.includes(sort)) return 'type'
  if (flaw === 'type') return 'type'
  if (flaw === 'hostile') return undefined
  if (flaw === 'NUL' || flaw === 'surrogate') return kind.isPath ? 'value' : undefined
  const number = sort === 'descriptor' ? testValue.fd : value
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
  readonly testValue: TestValue
  readonly form: string
}

const nothing: TestValue = { name: 'nothing', sort: 'undefined', value: undefined }

function* cases({ positional, named }: Signature, place: Place, testValues: readonly TestValue[]): Generator<Case> {
  const goods = positional.map(({ kind }) => kind.good(place))
  const required = positional.filter(({ isOptional }) => !isOptional).length
  for (const testValue of testValues) {
    for (const [index, parameter] of positional.entries()) {
      const args = goods.slice(0, Math.max(required, index + 1))
      args[index] = testValue.value
      yield { args, parameter, testValue, form: parameter.name }
    }
    for (const parameter of [...positional.slice(required), ...named].filter((one) => !one.isByPositionOnly)) {
      const args = [...goods.slice(0, required), { [parameter.name]: testValue.value }]
      yield { args, parameter: { ...parameter, isOptional: true }, testValue, form: `{ ${parameter.name} }` }
    }
    if (named.length > 0) yield { args: [...goods, testValue.value], parameter: options, testValue, form: 'options' }
  }
  for (let count = 0; count < required; count++) {
    const missing = positional.slice(count, required)
    const kind: Kind = {
      good: () => undefined,
      accepts: missing.every((one) => one.kind.accepts.includes('undefined')) ? ['undefined'] : [],
    }
    // The error may name any of the missing arguments.
    const parameter = {
      ...missing[0],
      name: `(${missing.map(({ name }) => name).join('|')})`,
      kind,
    } as SignatureParameter
    yield { args: goods.slice(0, count), parameter, testValue: nothing, form: `${count} arguments` }
  }
}

/** Cases for the options that only `os.promises` has: `signal`, and `ref` where the function waits. */
function* casesOfPromises(
  name: string,
  { positional }: Signature,
  place: Place,
  testValues: readonly TestValue[],
): Generator<Case> {
  const goods = positional.filter(({ isOptional }) => !isOptional).map(({ kind }) => kind.good(place))
  const added = [{ name: 'signal', kind: SIGNAL }, ...(waiting.has(name) ? [{ name: 'ref', kind: kinds.bool }] : [])]
  for (const { name, kind } of added as readonly Pick<SignatureParameter, 'name' | 'kind'>[]) {
    const parameter = { name, kind, isOptional: true, isByPositionOnly: false }
    for (const testValue of testValues) {
      yield { args: [...goods, { [name]: testValue.value }], parameter, testValue, form: `{ ${name} }` }
    }
  }
}

/** No test value is an AbortSignal. */
const SIGNAL: Kind = { good: () => undefined, accepts: [] }

/** What is wrong with an error, or undefined. */
function wrongWith(error: unknown, wanted: Verdict, { parameter, testValue }: Case): string | undefined {
  if (testValue.flaw === 'hostile' && [HostileError, TypeError, RangeError].some((Class) => error instanceof Class))
    return undefined
  if (parameter.kind.isAnyObject && (error instanceof TypeError || error instanceof RangeError)) return undefined
  if (testValue.value === error || (testValue.sort === 'function' && error instanceof HostileError)) return undefined
  if (error instanceof os.OSError)
    return wanted === undefined ? wrongFields(error) : 'refused by the system, not by osier'
  if (error instanceof os.NotImplementedError) return undefined
  if (!(error instanceof TypeError) && !(error instanceof RangeError)) return `${error}`
  const { code, message } = error as Error & { code?: string }
  if (testValue.sort === 'url' && code?.startsWith('ERR_INVALID_')) return undefined
  const codes = { type: 'ERR_INVALID_ARG_TYPE', value: 'ERR_INVALID_ARG_VALUE', range: 'ERR_OUT_OF_RANGE' }
  if (wanted === undefined && !Object.values(codes).includes(code ?? ''))
    return `${error} has the code ${code}, which osier does not use`
  if (wanted !== undefined && code !== codes[wanted] && !(testValue === nothing && code === codes.value))
    return `not refused as ${codes[wanted]}: ${error}`
  if (error instanceof TypeError !== (code === codes.type)) return `${error.name} with the code ${code}`
  // A plain object as an optional argument counts as the options.
  const named = new RegExp(`^The "${parameter.name}${parameter.isOptional ? '|^The "options"' : ''}`).test(message)
  if (!named || !/^The ".+" argument .+, received .*[^.]$/.test(message)) return `badly worded: ${message}`
  if (message.length > 1000) return `a message of ${message.length} characters`
  return undefined
}

function wrongFields(error: os.OSError): string | undefined {
  const { errno, strerror, code, syscall, message, path } = error
  const complete = errno > 0 && strerror.length > 0 && /^E[A-Z0-9]+$/.test(code) && syscall !== undefined
  const worded = message.startsWith(`${code}: ${strerror}, ${syscall}`) && (!path || message.includes(quoted(path)))
  return complete && worded ? undefined : `incomplete: ${message.slice(0, 200)}`
}

interface Open {
  /** The lowest free number. The next descriptor gets it, so a change shows that one was opened. */
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
  // The list includes the descriptor of the listing itself, which is closed by now.
  const left = fds.filter((fd) => fs.lstatSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }))
  return { free: lowestFree(), fds: left.map(Number) }
}

function openedSince(before: Open): number[] {
  return openDescriptors().fds.filter((fd) => !before.fds.includes(fd))
}

/** Exhausts and closes the result of a call. */
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

/** Makes a call that returns a promise or an async iterator. Exhausts the iterator. */
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

/** The message with which the synchronous function refuses these arguments. */
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
  const wanted = verdict(one.testValue, one.parameter)
  try {
    const result = isAsynchronous ? await settled(callable, one.args) : call(callable, one.args)
    dispose(result, before)
    // Changes to the files could make the next call fail.
    tidy()
    if (wanted !== undefined) return `was accepted, and returned ${typeof result}`
  } catch (error) {
    const wrong = wrongWith(error, wanted, one)
    if (wrong !== undefined) return wrong
    const isShared = one.parameter.name !== 'signal' && one.parameter.name !== 'ref'
    if (isAsynchronous && isShared && wanted !== undefined && one.testValue.flaw !== 'hostile') {
      const refusal = refusalOf(name, one.args, before)
      if (String(error) !== refusal) return `${error}, but os: ${refusal}`
    }
  }
  return undefined
}

/** Closes descriptors that calls have left open. Returns these and changes outside as messages. */
function leftBehind(before: Open, state: string): string[] {
  const leaked = lowestFree() === before.free ? [] : openedSince(before).filter((fd) => !isOfOtherRuntime(fd))
  for (const fd of leaked) os.close(fd)
  return [
    ...(leaked.length > 0 ? [`leaves ${leaked.length} descriptors open`] : []),
    ...(sentinelState() === state ? [] : ['touched the file outside']),
  ]
}

/**
 * Makes calls. Returns what is wrong with each of them and with what they leave behind. The latter is checked once after
 * all calls, since the check takes longer than a call; the call that left something is then found by bisection.
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
  return `${name}, ${one?.form} = ${one?.testValue.name}`
}

/** Whether the arguments must be refused before the system call. */
function isRefused({ testValue, parameter }: Case): boolean {
  return verdict(testValue, parameter) !== undefined
}

/** -0 as a descriptor is standard input, which must stay as it is. */
function hitsStandardStream({ testValue, parameter }: Case): boolean {
  return Object.is(testValue.value, -0) && parameter.kind.accepts.includes('descriptor')
}

function sentinelState(): string {
  const { mtimeNs, ctimeNs, size, mode, nlink } = fs.lstatSync(sentinel, { bigint: true })
  return [mtimeNs, ctimeNs, size, mode, nlink].join()
}

const report = { calls: 0, functions: 0, wrong: [] as string[] }
tidy()
const place = { fd: fs.openSync('file', 'r+'), folderFd: fs.openSync('folder', 'r') }

// Opens the descriptors of the thread pool before they are counted.
await os.promises.stat('file')

const declared = new Map(functions.map((one) => [one.name, one]))

for (const [name, callable] of Object.entries(tested)) {
  const one = declared.get(name)
  if (one === undefined) continue
  const signature = signatureOf(one)
  const complaints = [...(Array.isArray(signature) ? signature : []), ...harmUnstated([name])]
  report.wrong.push(...complaints)
  // A function that is in no list may be dangerous to call.
  if (Array.isArray(signature) || complaints.length > 0) continue
  report.functions++
  // A function that waits for other processes or for data would wait forever with many accepted values.
  const isRefusedOnly = !isHarmless(name) || (isAsynchronous && waiting.has(name))
  // New values for each function: some functions write into their buffers.
  const testValues = hostileValues(sentinel, 'file', 'folder')
  const all = [
    ...cases(signature, place, testValues),
    ...(isAsynchronous ? casesOfPromises(name, signature, place, testValues) : []),
  ].filter((one) => !hitsStandardStream(one) && (!isRefusedOnly || isRefused(one)))
  report.calls += all.length
  restoreFile(place.fd)
  report.wrong.push(...(await attemptAll(name, callable as Callable, all, openDescriptors())))
}

if (fs.readdirSync(`${root}/outside`).length !== 1) report.wrong.push('something was made outside')
fs.closeSync(place.fd)
fs.closeSync(place.folderFd)
fs.writeFileSync(`${root}/report.json`, JSON.stringify(report))
