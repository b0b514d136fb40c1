import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { pollerHooks } from '../../event_loop/poller_hooks.ts'
import { forgetBackground } from '../../libc/background.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { forgetClaims } from './any_child.ts'
import { _exit } from './exit.ts'

/**
 * What a forked child has to repair in JavaScript: Node believes to be the process that it was copied from.
 *
 * Much of this reaches for parts of Node that it does not document. Each is looked for first, and left alone where it
 * is not what it was. The looking is done in the parent, again and again, because what only children did, every child
 * would have to compile.
 */
export interface InheritedState {
  /** The socket of the channel of `child_process.fork` and `cluster`; null where there is no such channel. */
  readonly channel: { readonly fd: unknown; unref(): void } | null
  /** What stands for the parent's children. */
  readonly children: readonly Unreferable[]
  /** Streams that read what arrives for the parent. */
  readonly inputs: readonly Readable[]
  /** Connections that are kept alive for the next request. */
  readonly connections: readonly { destroy(): void }[]
  /** The names under which `fetch` keeps what keeps its connections. */
  readonly dispatchers: readonly symbol[]
  /** Whether `node:crypto` has random numbers in store. */
  readonly hasRandomNumbers: boolean
  /** Another `Math.random`. */
  readonly random: () => number
}

/** What a parent that stays one lets go of. Made as `heritage` makes it: V8 tells empty arrays apart by how they began. */
export const EMPTY_STATE: InheritedState = {
  channel: null,
  children: [{}].filter(isChild),
  inputs: [{}].filter(isReadable),
  connections: ([] as string[]).flatMap(keptConnections),
  dispatchers: [Symbol()].filter(isDispatcher),
  hasRandomNumbers: false,
  random: Math.random,
}

/** In the parent, before the fork: looks at what the child will have of the parent's. */
export function collectInheritedState(): InheritedState {
  correctPid()
  const modules = loadedModules()
  const handles = activeHandles()
  return {
    channel: channel(),
    children: handles.filter(isChild),
    inputs: handles.filter(isReadable),
    connections: ['http', 'https'].filter((name) => isLoaded(name, modules)).flatMap(keptConnections),
    dispatchers: Object.getOwnPropertySymbols(globalThis).filter(isDispatcher),
    hasRandomNumbers: isLoaded('internal/crypto/random', modules),
    random: seededRandom(),
  }
}

/** In the parent, before the fork: calls what the child is going to call, so that it has been compiled. */
export function rehearseChild({ inputs }: InheritedState): void {
  if (inputs.length > 0) rehearseInput()
  if (isRehearsed) return
  isRehearsed = true
  rehearseExit()
  rehearseRandom()
  becomeChild(EMPTY_STATE, false)
}

let isRehearsed = false

/**
 * In the child: lets go of what is the parent's.
 *
 * @param isChild false in the parent, which lets go of nothing, meanwhile and for the next child: what only children had
 *   come to, each of them would have to compile, and to look up each name for the first time. That took a quarter of a
 *   child's time
 */
export function becomeChild(had: InheritedState, isChild: boolean): void {
  const { channel, children, inputs, connections, dispatchers, hasRandomNumbers, random } = had
  const { onFork: forked } = pollerHooks
  const [runtime, numbers] = [process, Math]
  correctPid()
  forgetBackground(isChild)
  forgetClaims(isChild)
  // The child of a child has it from its parent.
  if (!exitsDirectly) exitDirectly(isChild ? runtime : {})
  if (isChild) exitsDirectly = true
  if (isChild) forked?.()
  if (channel !== null) leaveChannel(channel)
  for (const child of children) child.unref()
  for (const input of inputs) leaveInput(input)
  for (const connection of connections) connection.destroy()
  if (dispatchers.length > 0) replaceDispatchers(dispatchers)
  Reflect.set(isChild ? numbers : {}, 'random', random)
  if (hasRandomNumbers) useUpRandomNumbers()
}

/** `process.pid` is computed when Node starts. In the parent this changes nothing, and is compiled. */
function correctPid(): void {
  Object.defineProperty(process, 'pid', { value: libc.getpid(), enumerable: true, configurable: true })
}

// ------------------------------------------------------------------------------------------------------------------

let exitsDirectly = false
/** The error that is about to end the process, and has to be printed. */
let fatal: { readonly error: unknown } | undefined

/**
 * Node ends by joining threads which a forked child does not have. So the child runs its 'exit' handlers, and then ends
 * by _exit(2): after `process.exit`, an uncaught error, and at the end of the program alike.
 *
 * @param ending the process; in the parent an object in its place
 */
function exitDirectly(ending: object): void {
  const emit = process.emit as (event: string, ...args: unknown[]) => boolean
  Reflect.set(ending, 'reallyExit', (code: unknown) => libc._exit(Number(code) | 0))
  Reflect.set(ending, 'emit', function (this: unknown, event: string, ...args: unknown[]): boolean {
    if (event === 'uncaughtExceptionMonitor') {
      const noted = { error: args[0] }
      fatal = noted
      // A handler of 'uncaughtException' may go on: then no 'exit' follows.
      setImmediate(() => {
        if (fatal === noted) fatal = undefined
      }).unref()
    }
    if (event === 'exit') return leave(() => Reflect.apply(emit, this, [event, ...args]), args[0])
    return Reflect.apply(emit, this, [event, ...args]) as boolean
  })
}

/** Children end by `_exit`, as a rule, and parents never: refused for what it is given, it has been compiled. */
function rehearseExit(): void {
  try {
    _exit(Number.NaN)
  } catch {
    // It is no number of an exit.
  }
}

/** Runs the 'exit' handlers, and ends. */
function leave(emit: () => unknown, given: unknown): never {
  if (fatal !== undefined) print(fatal.error)
  let code: unknown
  try {
    emit()
    code = process.exitCode ?? given ?? 0
  } catch (error) {
    print(error)
    code = 1
  }
  libc._exit(Number(code) | 0)
  throw new Error('_exit(2) has returned')
}

function print(error: unknown): void {
  try {
    writeSync(2, `Uncaught ${inspect(error)}\n\nNode.js ${process.version}\n`)
  } catch {
    // Nobody listens on standard error.
  }
}

// ------------------------------------------------------------------------------------------------------------------

const { AF_UNIX, SOCK_STREAM, O_CLOEXEC, O_NONBLOCK } = constants

function channel(): InheritedState['channel'] {
  const found: unknown = process.channel
  return found === undefined || found === null ? null : (found as InheritedState['channel'])
}

/** The channel belongs to the parent: a dead socket takes its place. */
function leaveChannel(had: NonNullable<InheritedState['channel']>): void {
  had.unref()
  if (typeof had.fd === 'number' && had.fd >= 0) {
    if (libc.socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC | O_NONBLOCK, 0, scratchAddress) !== 0) return
    const end = scratch.readInt32LE(0)
    // Its other end stays open: so nothing arrives, not even that it was closed.
    libc.dup3(end, had.fd, O_CLOEXEC)
    libc.close(end)
  }
  const refuse = (): never => {
    throw Object.assign(new Error('Channel closed'), { code: 'ERR_IPC_CHANNEL_CLOSED' })
  }
  Object.assign(process, { connected: false, send: refuse, disconnect: () => undefined })
}

interface Unreferable {
  unref(): unknown
}

interface Readable extends Unreferable {
  pause(): unknown
  readonly _handle?: { readStop?(): unknown; reading?: boolean } | null
}

function activeHandles(): object[] {
  const ask: unknown = Reflect.get(process, '_getActiveHandles')
  return typeof ask === 'function' ? (Reflect.apply(ask, process, []) as object[]) : []
}

function isChild(handle: object): handle is Unreferable {
  return handle.constructor?.name === 'ChildProcess' && 'unref' in handle
}

/** Streams that read, but not servers: those go on accepting in the child, which is what pre-forking is for. */
function isReadable(handle: object): handle is Readable {
  return 'pause' in handle && 'unref' in handle && !('listen' in handle)
}

/** What arrives on the parent's descriptors is for the parent: the child does not read there by itself. */
function leaveInput(input: Readable): void {
  const inner = input._handle
  // `pause` alone would still fill the stream's buffer once.
  if (typeof inner?.readStop === 'function') {
    inner.readStop()
    inner.reading = false
  }
  input.pause()
  input.unref()
}

let isInputRehearsed = false

/** On a socket that leads nowhere: pausing compiles half a dozen functions of Node's, and took a third of a child's time. */
function rehearseInput(): void {
  if (isInputRehearsed) return
  isInputRehearsed = true
  const { Socket } = process.getBuiltinModule('node:net') as { readonly Socket: new () => Readable }
  leaveInput(new Socket())
}

/** The modules of Node that are loaded already: only those can hold something of the parent's. */
function loadedModules(): unknown {
  return Reflect.get(process, 'moduleLoadList')
}

function isLoaded(name: string, modules: unknown): boolean {
  return !Array.isArray(modules) || modules.includes(`NativeModule ${name}`)
}

interface Agent {
  readonly freeSockets: Record<string, { destroy(): void }[] | undefined>
}

/** Two processes must not speak on one connection. */
function keptConnections(module: string): { destroy(): void }[] {
  const { globalAgent } = process.getBuiltinModule(`node:${module}`) as { readonly globalAgent: Agent }
  return Object.values(globalAgent.freeSockets).flatMap((sockets) => sockets ?? [])
}

function isDispatcher(name: symbol): boolean {
  return name.description?.startsWith('undici.globalDispatcher') === true
}

/** New ones of the same classes, without their connections. Those for older callers, since Node 26, wrap another. */
function replaceDispatchers(names: readonly symbol[]): void {
  let last: object | undefined
  for (const takesAnother of [false, true]) {
    for (const name of names) {
      const { constructor: Class } = Reflect.get(globalThis, name) as { constructor: new (inner?: object) => object }
      if (Class.length > 0 !== takesAnother) continue
      try {
        last = takesAnother ? new Class(last) : new Class()
        Reflect.set(globalThis, name, last)
      } catch {
        // The program has set one of its own, which needs to be told more. It stays.
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------------------------

/** Node makes this many random UUIDs at a time, and keeps them. */
const CACHED_UUIDS = 128
/** Node makes random bytes for this many calls of `randomInt` at a time. */
const CACHED_INTEGERS = 1024

/** What was random in the parent would be the same again in each of its children. */
function useUpRandomNumbers(): void {
  const crypto = process.getBuiltinModule('node:crypto') as { randomUUID(): string; randomInt(max: number): number }
  for (let i = 0; i <= CACHED_UUIDS; i++) crypto.randomUUID()
  for (let i = 0; i <= CACHED_INTEGERS; i++) crypto.randomInt(2)
}

/** What has been changed once, V8 no longer takes for a constant: to find that out would be half of the change. */
function rehearseRandom(): void {
  const { random } = Math
  Math.random = () => 0
  Math.random = random
}

/**
 * A generator in place of V8's, which cannot be given another seed: sfc32 of Chris Doty-Humphrey's PractRand, seeded by
 * the kernel when it is first asked.
 */
function seededRandom(): () => number {
  let [a, b, c, counter] = [0, 0, 0, 0]
  let isSeeded = false
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum
  }
  const seed = (): void => {
    isSeeded = true
    libc.getrandom(scratchAddress, 16, 0)
    a = scratch.readInt32LE(0)
    b = scratch.readInt32LE(4)
    c = scratch.readInt32LE(8)
    counter = scratch.readInt32LE(12)
    for (let i = 0; i < 12; i++) next()
  }
  // 53 bits, as many as a number between 0 and 1 has.
  return function random() {
    if (!isSeeded) seed()
    return ((next() >>> 5) * 0x400_0000 + (next() >>> 6)) / 2 ** 53
  }
}
