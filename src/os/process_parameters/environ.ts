import { inspect } from 'node:util'
import { isUint8Array } from 'node:util/types'
import { badValue, wrongType } from '../../errors.ts'
import { decode } from '../../libc/strings.ts'
import { rejectDetached } from '../arguments/buffers.ts'
import { encoded, type FileName, fileName } from '../arguments/paths.ts'
import { defpath } from '../system/pathnames.ts'
import {
  asText,
  captureVariables,
  countChange,
  type Environment,
  setVariable,
  unsetVariable,
  variables,
} from './variables.ts'

/** Whether the environment is available as bytes: true except on Windows. See Python, os.supports_bytes_environ. */
export const supports_bytes_environ: boolean = process.platform !== 'win32'

/** Converts names and values between a view of the environment and `variables`. */
interface Codec<In extends FileName, Out extends In> {
  /** Converts a caller's value to the text that `variables` stores. */
  readonly text: (value: unknown, name: string) => string
  readonly show: (text: string) => Out
}

const textCodec: Codec<string, string> = {
  text(value, name) {
    if (typeof value !== 'string') throw wrongType(name, 'a string', value)
    // Several surrogates may represent the bytes of one character: decoding them again results in the character itself.
    return value.isWellFormed() ? value : decode(encoded(value, name))
  },
  show: (text) => text,
}

const bytesCodec: Codec<Uint8Array, Buffer> = {
  text(value, name) {
    if (!isUint8Array(value)) throw wrongType(name, 'a Uint8Array', value)
    return decode(rejectDetached(value, name))
  },
  show: (text) => encoded(text, 'name'),
}

/** The environment as a Map. Changes apply to the process: to C's environment, to `process.env` and to children. */
export interface EnvironMap<In extends FileName, Out extends In> extends Iterable<[Out, Out]> {
  /** The number of variables. */
  readonly size: number
  /** Reports whether a variable of this name exists. */
  has(name: In): boolean
  /** Returns the value of a variable; `otherwise`, or undefined, if it does not exist. */
  get(name: In): Out | undefined
  get<T>(name: In, otherwise: T): Out | T
  /**
   * Sets a variable.
   *
   * @throws TypeError for a value that is neither text nor bytes (values are not converted); otherwise as `putenv` does
   */
  set(name: In, value: In): this
  /**
   * Removes a variable.
   *
   * @returns true if the variable existed
   * @throws as `unsetenv` does
   */
  delete(name: In): boolean
  /** Removes all variables. */
  clear(): void
  /** Removes a variable, and returns its value; `otherwise`, or undefined, if it does not exist. */
  pop(name: In): Out | undefined
  pop<T>(name: In, otherwise: T): Out | T
  /** Returns the value of a variable, after setting it if it does not exist. */
  setdefault(name: In, value: In): Out
  /** Sets every variable of a Map or an object. */
  update(other: Iterable<readonly [In, In]> | Readonly<Record<string, In>>): void
  /** Returns a copy of the variables as a Map. Changing the copy does not change the environment. */
  copy(): Map<Out, Out>
  /** Returns the names. */
  keys(): IterableIterator<Out>
  /** Returns the values. */
  values(): IterableIterator<Out>
  /** Returns the names with their values. */
  entries(): IterableIterator<[Out, Out]>
  [Symbol.iterator](): IterableIterator<[Out, Out]>
  /** Calls a function with each value, its name and this object. */
  forEach(callback: (value: Out, name: Out, all: this) => void): void
}

function mapOf<In extends FileName, Out extends In>({ text, show }: Codec<In, Out>): EnvironMap<In, Out> {
  class Environ implements EnvironMap<In, Out> {
    get size(): number {
      return variables().size
    }

    has(name: In): boolean {
      return variables().has(text(name, 'name'))
    }

    get<T = undefined>(name: In, otherwise?: T): Out | T {
      const value = variables().get(text(name, 'name'))
      return value === undefined ? (otherwise as T) : show(value)
    }

    set(name: In, value: In): this {
      const [key, content] = [text(name, 'name'), text(value, 'value')]
      setVariable(name, value)
      variables().set(key, content)
      countChange()
      return this
    }

    delete(name: In): boolean {
      const key = text(name, 'name')
      unsetVariable(name)
      countChange()
      return variables().delete(key)
    }

    clear(): void {
      for (const name of this.keys()) this.delete(name)
    }

    pop<T = undefined>(name: In, otherwise?: T): Out | T {
      if (!this.has(name)) return otherwise as T
      const value = this.get(name, otherwise as T)
      this.delete(name)
      return value
    }

    setdefault(name: In, value: In): Out {
      if (!this.has(name)) this.set(name, value)
      return this.get(name) as Out
    }

    update(other: Iterable<readonly [In, In]> | Readonly<Record<string, In>>): void {
      for (const [name, value] of entriesOf(other, 'other')) this.set(name as In, value as In)
    }

    copy(): Map<Out, Out> {
      return new Map(this)
    }

    *keys(): Generator<Out, void, void> {
      for (const name of variables().keys()) yield show(name)
    }

    *values(): Generator<Out, void, void> {
      for (const value of variables().values()) yield show(value)
    }

    *entries(): Generator<[Out, Out], void, void> {
      for (const [name, value] of variables()) yield [show(name), show(value)]
    }

    [Symbol.iterator](): Generator<[Out, Out], void, void> {
      return this.entries()
    }

    forEach(callback: (value: Out, name: Out, all: this) => void): void {
      for (const [name, value] of this) callback(value, name, this)
    }

    /** `console.log` shows a Map. */
    [inspect.custom](): Map<Out, Out> {
      return this.copy()
    }
  }
  return new Environ()
}

/** Returns the entries of a Map or a plain object of variables. */
export function entriesOf(value: unknown, name: string): [unknown, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw wrongType(name, 'a Map or an object of variables', value)
  }
  const entries: Iterable<unknown> = Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value)
  return Array.from(entries, (entry) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw wrongType(name, 'a Map or an object of variables', value)
    return [entry[0], entry[1]]
  })
}

/** `environ` is a Map, and has the variables as properties, as `process.env` does. */
export type Environ = EnvironMap<string, string> & { [name: string]: string | undefined }

/** The environment in bytes, as a Map only. */
export type EnvironB = EnvironMap<Uint8Array, Buffer>

/**
 * Names of the Map's own methods are not looked up among the variables: otherwise the caller of a program could replace
 * `get` through its environment.
 */
const properties: ProxyHandler<EnvironMap<string, string>> = {
  has: (target, key) => key in target || (typeof key === 'string' && target.has(key)),
  get: (target, key, receiver) =>
    typeof key === 'symbol' || key in target ? Reflect.get(target, key, receiver) : target.get(key),
  set(target, key, value) {
    if (typeof key === 'symbol') return false
    if (key in target) throw badValue('name', 'is that of a method: use environ.set()', key)
    target.set(key, value)
    return true
  },
  deleteProperty(target, key) {
    if (typeof key === 'string' && !(key in target)) target.delete(key)
    return true
  },
  ownKeys: (target) => Array.from(target.keys()).filter((name) => !(name in target)),
  getOwnPropertyDescriptor(target, key) {
    if (typeof key === 'symbol' || key in target || !target.has(key)) return undefined
    return { value: target.get(key), writable: true, enumerable: true, configurable: true }
  },
  defineProperty: (target, key, { value }) => properties.set?.(target, key, value, target) ?? false,
  // `environ` can be neither frozen nor sealed.
  preventExtensions: () => false,
}

/**
 * The environment of the process: a Map of names and values, whose values are its properties too, so that
 * `environ.HOME` is `environ.get('HOME')`. A variable with the name of a Map method is accessible by `get` and `set`
 * only. Bytes that are not UTF-8 are decoded as by `fsdecode`.
 *
 * It is read when it is first used. After that it changes only through `environ` and `environb`: other changes
 * (`putenv`, `process.env.X = ...`) become visible by `reload_environ()`. In a worker thread it contains the variables
 * of that thread's `process.env`, and cannot be changed.
 *
 * Availability: Linux. Audit events: `os.putenv` (key, value) and `os.unsetenv` (key), for each change. See environ(7);
 * Python, os.environ.
 */
export const environ: Environ = new Proxy(mapOf(textCodec), properties) as Environ

/**
 * The environment of the process in bytes: the same variables as those of `environ`, as a Map whose names and values
 * are Buffers. Names are compared by their bytes.
 *
 * Availability: Linux. Audit events: `os.putenv` (key, value) and `os.unsetenv` (key), for each change. See environ(7);
 * Python, os.environb.
 */
export const environb: EnvironB = mapOf(bytesCodec)

/**
 * Reads the environment again, so that `environ` and `environb` show changes made by `putenv`, `process.env` or C.
 *
 * Availability: Linux. See Python 3.14, os.reload_environ.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green') // the process's environment, and not the map
 * os.reload_environ()
 * os.environ.get('COLOUR') // => 'green'
 * ```
 */
export function reload_environ(): void {
  captureVariables()
}

/**
 * Returns the value of a variable of `environ`.
 *
 * @param key the name
 * @param default_ the result if the variable does not exist; null by default
 * @returns the value or the default
 * @throws TypeError for a name that is not text
 *
 * Availability: Linux. See Python, os.getenv.
 * @example
 * ```ts
 * os.environ.set('COLOUR', 'green')
 * os.getenv('COLOUR') // => 'green'
 * os.getenv('NO_SUCH_VARIABLE') // => null
 * os.getenv('NO_SUCH_VARIABLE', 'none') // => 'none'
 * ```
 */
export function getenv(key: string): string | null
export function getenv<T>(key: string, default_: T): string | T
export function getenv(key: string, default_: unknown = null): unknown {
  return variables().get(textCodec.text(key, 'key')) ?? default_
}

/**
 * Returns the value of a variable of `environb`.
 *
 * @param key the name, in bytes
 * @param default_ the result if the variable does not exist; null by default
 * @returns the value or the default
 * @throws TypeError for a name that is not bytes
 *
 * Availability: Linux. See Python, os.getenvb.
 * @example
 * ```ts
 * os.environ.set('COLOUR', 'green')
 * os.getenvb(Buffer.from('COLOUR')) // => Buffer.from('green')
 * ```
 */
export function getenvb(key: Uint8Array): Buffer | null
export function getenvb<T>(key: Uint8Array, default_: T): Buffer | T
export function getenvb(key: Uint8Array, default_: unknown = null): unknown {
  const value = variables().get(bytesCodec.text(key, 'key'))
  return value === undefined ? default_ : bytesCodec.show(value)
}

/**
 * Returns the directories in which programs are searched: those of the variable `PATH`.
 *
 * @param env the environment to look it up in: a Map or an object; `environ` by default
 * @returns the directories; an empty string means the current directory
 * @throws RangeError if the environment has `PATH` both as text and as bytes
 *
 * Availability: Linux. See Python, os.get_exec_path.
 * @example
 * ```ts
 * os.get_exec_path({ PATH: '/usr/local/bin:/usr/bin' }) // => ['/usr/local/bin', '/usr/bin']
 * ```
 */
export function get_exec_path(env: Environment | null = null): string[] {
  return env === null ? searchPath(environ.get('PATH')) : searchPath(pathVariable(entriesOf(env, 'env'), env))
}

/** Returns the directories of a `PATH`, or of `defpath` if it is undefined. */
export function searchPath(path: string | undefined): string[] {
  return (path ?? defpath).split(':')
}

/** Finds the variable `PATH` in the entries of `env`. */
export function pathVariable(entries: readonly (readonly [unknown, unknown])[], env: unknown): string | undefined {
  const isPath = (name: unknown): boolean =>
    (typeof name === 'string' || name instanceof Uint8Array) && asText(name) === 'PATH'
  const [found, another] = entries.filter(([name]) => isPath(name))
  if (another !== undefined) throw badValue('env', 'must not have PATH as text and as bytes', env)
  return found === undefined ? undefined : asText(fileName(found[1], 'env.PATH'))
}
