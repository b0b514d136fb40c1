import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { descriptorEvents } from '../../event_loop/descriptor_events.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { aboveStandardStreams } from '../../libc/low_descriptors.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { define } from '../../properties.ts'
import { clearReservations } from './any_child.ts'
import { _exit } from './exit.ts'

/**
 * State of Node in JavaScript that a forked child has to change, because it describes the parent.
 *
 * Much of this uses undocumented parts of Node. Each is checked first, and left unchanged if it is not as expected. The
 * parent does the checks before every fork: code that only ran in children would have to be compiled in every child.
 */
export interface InheritedState {
  /** The socket of the channel of `child_process.fork` and `cluster`; null if there is no such channel. */
  readonly channel: { readonly fd: unknown; unref(): void } | null
  /** The ChildProcess objects of the parent. */
  readonly children: readonly Unreferable[]
  /** Streams that the parent is reading from. */
  readonly inputs: readonly Readable[]
  /** Idle keep-alive connections of the global agents. */
  readonly connections: readonly { destroy(): void }[]
  /**
   * Symbols of globalThis under which `fetch` stores its dispatcher (connection pool): `undici.globalDispatcher.1` in
   * https://github.com/nodejs/node/blob/v20.20.2/deps/undici/undici.js#L8399.
   */
  readonly dispatchers: readonly symbol[]
  /** Whether `node:crypto` may have cached random numbers. */
  readonly hasRandomNumbers: boolean
  /** The `Math.random` of the child. */
  readonly random: () => number
}

/**
 * Given to `dropInheritedState` in the parent, which has nothing to drop. The arrays are created in the same way as in
 * `collectInheritedState`, so that V8 gives them the same elements kind.
 */
export const EMPTY_STATE: InheritedState = {
  channel: null,
  children: [{}].filter(isChild),
  inputs: [{}].filter(isReadable),
  connections: ([] as string[]).flatMap(idleConnections),
  dispatchers: [Symbol()].filter(isDispatcher),
  hasRandomNumbers: false,
  random: Math.random,
}

/** Collects, in the parent before the fork, the parent's handles and connections that the child must drop. */
export function collectInheritedState(): InheritedState {
  updatePid()
  const modules = loadedModules()
  const handles = activeHandles()
  return {
    channel: channel(),
    children: handles.filter(isChild),
    inputs: handles.filter(isReadable),
    connections: ['http', 'https'].filter((name) => isLoaded(name, modules)).flatMap(idleConnections),
    dispatchers: Object.getOwnPropertySymbols(globalThis).filter(isDispatcher),
    hasRandomNumbers: isLoaded('internal/crypto/random', modules),
    random: createRandom(),
  }
}

/**
 * Calls, in the parent before the fork, the functions that the child is going to call, so that the child does not have
 * to compile them.
 */
export function warmUpChild({ inputs }: InheritedState): void {
  if (inputs.length > 0) warmUpStopReading()
  if (isWarmedUp) return
  isWarmedUp = true
  warmUpExit()
  warmUpRandom()
  dropInheritedState(EMPTY_STATE, false)
}

let isWarmedUp = false

/**
 * Drops, in the child, the state that belongs to the parent.
 *
 * @param isChild false in the parent, which drops nothing and calls this only so that the code is compiled and its
 *   inline caches are filled when the next child runs it
 */
export function dropInheritedState(inherited: InheritedState, isChild: boolean): void {
  const { channel, children, inputs, connections, dispatchers, hasRandomNumbers, random } = inherited
  const { onFork: forked } = descriptorEvents
  const [runtime, numbers] = [process, Math]
  updatePid()
  clearReservations(isChild)
  // The child of a forked child inherits the change.
  if (!exitsDirectly) exitDirectly(isChild ? runtime : {})
  if (isChild) exitsDirectly = true
  if (isChild) forked()
  if (channel !== null) disconnectChannel(channel)
  for (const child of children) child.unref()
  for (const input of inputs) stopReading(input)
  for (const connection of connections) connection.destroy()
  if (dispatchers.length > 0) replaceDispatchers(dispatchers)
  if (!Reflect.set(isChild ? numbers : {}, 'random', random)) skipRandomNumbers()
  if (hasRandomNumbers) discardCachedRandomNumbers()
}

/** `process.pid` is computed when Node starts. In the parent this changes nothing; it runs so that it is compiled. */
function updatePid(): void {
  define(process, 'pid', { value: libc.getpid(), enumerable: true, configurable: true })
}

// ------------------------------------------------------------------------------------------------------------------

let exitsDirectly = false
/** The uncaught error that is about to end the process, and has to be printed. */
let fatal: { readonly error: unknown } | undefined

/**
 * Node joins its threads when it exits, and a forked child does not have them. So the child runs its 'exit' handlers
 * and then calls _exit(2): after `process.exit`, after an uncaught error, and at the end of the program.
 *
 * @param target the process; in the parent an object in its place
 */
function exitDirectly(target: object): void {
  const emit = process.emit as (event: string, ...args: unknown[]) => boolean
  Reflect.set(target, 'reallyExit', (code: unknown) => libc._exit(Number(code) | 0))
  Reflect.set(target, 'emit', function (this: unknown, event: string, ...args: unknown[]): boolean {
    if (event === 'uncaughtExceptionMonitor') {
      const current = { error: args[0] }
      fatal = current
      // A handler of 'uncaughtException' may keep the process running: then no 'exit' follows.
      setImmediate(() => {
        if (fatal === current) fatal = undefined
      }).unref()
    }
    if (event === 'exit') return runExitHandlers(() => Reflect.apply(emit, this, [event, ...args]), args[0])
    return Reflect.apply(emit, this, [event, ...args]) as boolean
  })
}

/** Most children call `_exit`, and parents never do. A call that throws for its argument compiles it. */
function warmUpExit(): void {
  try {
    _exit(Number.NaN)
  } catch {
    // NaN is not an exit code.
  }
}

/** Runs the 'exit' handlers and ends the process. */
function runExitHandlers(emit: () => unknown, given: unknown): never {
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
    // Standard error is closed.
  }
}

// ------------------------------------------------------------------------------------------------------------------

const { AF_UNIX, SOCK_STREAM, O_CLOEXEC, O_NONBLOCK } = constants

function channel(): InheritedState['channel'] {
  const found: unknown = process.channel
  return found === undefined || found === null ? null : (found as InheritedState['channel'])
}

/** The IPC channel belongs to the parent: in the child an unconnected socket replaces its descriptor. */
function disconnectChannel(inherited: NonNullable<InheritedState['channel']>): void {
  inherited.unref()
  if (typeof inherited.fd === 'number' && inherited.fd >= 0) {
    if (libc.socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC | O_NONBLOCK, 0, scratchAddress) !== 0) return
    const [end, other] = [scratch.readInt32LE(0), scratch.readInt32LE(4)]
    // The other end stays open, so that this end never becomes readable, not even with end-of-file.
    aboveStandardStreams(other)
    libc.dup3(end, inherited.fd, O_CLOEXEC)
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
  const getHandles: unknown = Reflect.get(process, '_getActiveHandles')
  return typeof getHandles === 'function' ? (Reflect.apply(getHandles, process, []) as object[]) : []
}

function isChild(handle: object): handle is Unreferable {
  return handle.constructor?.name === 'ChildProcess' && 'unref' in handle
}

/** Streams that read, but not servers: servers continue to accept connections in the child, as pre-forking requires. */
function isReadable(handle: object): handle is Readable {
  return 'pause' in handle && 'unref' in handle && !('listen' in handle)
}

/** Stops reading from a stream in the child: the data that arrives on the parent's descriptors is for the parent. */
function stopReading(input: Readable): void {
  const handle = input._handle
  // After `pause` alone, Node would still read once into the stream's buffer.
  if (typeof handle?.readStop === 'function') {
    handle.readStop()
    handle.reading = false
  }
  input.pause()
  input.unref()
}

let isStopReadingWarmedUp = false

/** Pauses an unconnected socket in the parent, so that Node's functions for it are compiled before the fork. */
function warmUpStopReading(): void {
  if (isStopReadingWarmedUp) return
  isStopReadingWarmedUp = true
  const { Socket } = process.getBuiltinModule('node:net') as { readonly Socket: new () => Readable }
  stopReading(new Socket())
}

/** Node's internal modules that are loaded: only those can have state of the parent. */
function loadedModules(): unknown {
  return Reflect.get(process, 'moduleLoadList')
}

function isLoaded(name: string, modules: unknown): boolean {
  return !Array.isArray(modules) || modules.includes(`NativeModule ${name}`)
}

interface Agent {
  readonly freeSockets: Record<string, { destroy(): void }[] | undefined>
}

/** Idle connections of an agent. Two processes must not use the same connection. */
function idleConnections(module: string): { destroy(): void }[] {
  const { globalAgent } = process.getBuiltinModule(`node:${module}`) as { readonly globalAgent: Agent }
  return Object.values(globalAgent.freeSockets).flatMap((sockets) => sockets ?? [])
}

function isDispatcher(name: symbol): boolean {
  return name.description?.startsWith('undici.globalDispatcher') === true
}

/**
 * Replaces the dispatchers by new ones of the same classes, without connections. Node 26 has a second dispatcher for
 * older callers, which wraps the first.
 */
function replaceDispatchers(names: readonly symbol[]): void {
  let last: object | undefined
  for (const wrapsAnother of [false, true]) {
    for (const name of names) {
      const { constructor: Class } = Reflect.get(globalThis, name) as { constructor: new (inner?: object) => object }
      if (Class.length > 0 !== wrapsAnother) continue
      try {
        last = wrapsAnother ? new Class(last) : new Class()
        Reflect.set(globalThis, name, last)
      } catch {
        // The program has set a dispatcher whose constructor needs other arguments. It is kept.
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------------------------

/**
 * The number of UUIDs for which Node caches random bytes: `kBatchSize` in
 * https://github.com/nodejs/node/blob/v20.20.2/lib/internal/crypto/random.js#L342.
 */
const CACHED_UUIDS = 128
/**
 * The number of `randomInt` calls for which Node caches random bytes: `randomCache` in
 * https://github.com/nodejs/node/blob/v20.20.2/lib/internal/crypto/random.js#L201.
 */
const CACHED_INTEGERS = 1024

/** Consumes the cached random bytes, which otherwise would be the same in the parent and in each of its children. */
function discardCachedRandomNumbers(): void {
  const crypto = process.getBuiltinModule('node:crypto') as { randomUUID(): string; randomInt(max: number): number }
  for (let i = 0; i <= CACHED_UUIDS; i++) crypto.randomUUID()
  for (let i = 0; i <= CACHED_INTEGERS; i++) crypto.randomInt(2)
}

/**
 * Assigns to `Math.random` once in the parent: V8 then no longer treats it as a constant, and the assignment in the
 * child does not have to invalidate that.
 */
function warmUpRandom(): void {
  const { random } = Math
  // False where Math is frozen.
  if (Reflect.set(Math, 'random', () => 0)) Math.random = random
}

/** The highest number of random numbers that are skipped: they take a child some milliseconds. */
const MOST_SKIPPED = 2 ** 20

/** Goes to another place of the sequence, where `Math.random` cannot be replaced (--frozen-intrinsics). */
function skipRandomNumbers(): void {
  libc.getrandom(scratchAddress, 4, 0)
  for (let left = scratch.readUInt32LE(0) % MOST_SKIPPED; left >= 0; left--) Math.random()
}

/**
 * A replacement for V8's generator, which cannot be reseeded: sfc32 from Chris Doty-Humphrey's PractRand, seeded by
 * getrandom(2) at its first call.
 */
function createRandom(): () => number {
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
  // 53 bits: the precision of a double between 0 and 1.
  return function random() {
    if (!isSeeded) seed()
    return ((next() >>> 5) * 0x400_0000 + (next() >>> 6)) / 2 ** 53
  }
}
