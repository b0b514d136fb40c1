import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { NotImplementedError } from '../../errors.ts'

/**
 * ChaN's FatFs, as js-fatfs compiles it to WebAssembly. Each volume has its own instance.
 *
 * The JavaScript of js-fatfs creates an instance asynchronously and lets ten volumes share it. Here a volume is created
 * by a constructor, which cannot wait, and separate instances keep a damaged image from affecting other volumes. So
 * this module instantiates the WebAssembly itself. The names in it are those that the compiler minified; `package.json`
 * requires the exact version that has them, and the numbers of parameters are checked.
 */
const FUNCTIONS = {
  f_mount: ['w', 3],
  f_open: ['x', 3],
  f_read: ['y', 4],
  f_write: ['z', 4],
  f_sync: ['A', 1],
  f_close: ['B', 1],
  f_lseek: ['C', 2],
  f_opendir: ['D', 2],
  f_closedir: ['E', 1],
  f_readdir: ['F', 2],
  f_stat: ['G', 2],
  f_getfree: ['H', 3],
  f_truncate: ['I', 1],
  f_unlink: ['J', 1],
  f_mkdir: ['K', 1],
  f_rename: ['L', 2],
  f_mkfs: ['M', 4],
  f_setcp: ['N', 1],
  free: ['O', 1],
  malloc: ['P', 1],
  f_tell: ['n', 1],
  f_size: ['o', 1],
  FILINFO_fsize: ['p', 1],
  FILINFO_fdate: ['q', 1],
  FILINFO_ftime: ['r', 1],
  FILINFO_fattrib: ['s', 1],
  FILINFO_altname: ['t', 1],
  FILINFO_fname: ['u', 1],
} as const

const MEMORY = 'j'
const START = 'k'

/** The functions of FatFs, by their original names. Pointers are offsets in `memory`. */
export type FatFunctions = { readonly [Name in keyof typeof FUNCTIONS]: (...args: number[]) => number }

/** The storage functions that FatFs calls. Each returns a DRESULT, and must not throw. */
export interface Storage {
  status(): number
  read(buffer: number, sector: number, count: number): number
  write(buffer: number, sector: number, count: number): number
  ioctl(command: number, buffer: number): number
}

/** The part of WebAssembly's types that is used here: TypeScript declares them only in its library for browsers. */
interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}
type Imports = Record<string, (...args: number[]) => unknown>
const wasm = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => WasmModule
      readonly Instance: new (
        module: WasmModule,
        imports: Record<string, Imports>,
      ) => { readonly exports: Record<string, unknown> }
      readonly RuntimeError: new () => Error
    }
  }
).WebAssembly

/** Whether an error is a WebAssembly trap, after which the instance cannot be used any more. */
export function isTrap(error: unknown): boolean {
  // A stack overflow is reported by the JavaScript engine.
  return error instanceof wasm.RuntimeError || (error instanceof RangeError && /call stack/i.test(error.message))
}

/**
 * The memory of an instance starts at 1 MiB. An open file takes 4 KiB: this is enough for any realistic number of
 * files.
 */
const MAX_MEMORY = 16 * 2 ** 20
const PAGE = 65536

let compiled: WasmModule | undefined

function compile(): WasmModule {
  if (compiled !== undefined) return compiled
  const file = createRequire(import.meta.url).resolve('js-fatfs/dist/fatfs.wasm')
  compiled = new wasm.Module(readFileSync(file))
  return compiled
}

/** An instance of FatFs. */
export class FatFs {
  readonly functions: FatFunctions
  readonly #memory: Memory
  #bytes: Buffer

  constructor(storage: Storage) {
    const { exports } = new wasm.Instance(compile(), { a: this.#imports(storage) })
    this.#memory = exports[MEMORY] as Memory
    this.#bytes = Buffer.from(this.#memory.buffer)
    this.functions = functionsOf(exports)
    ;(exports[START] as () => void)()
  }

  /** The memory of the instance. The buffer must not be kept: it is replaced when the memory grows. */
  get memory(): Buffer {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.#memory.buffer)
    return this.#bytes
  }

  #imports(storage: Storage): Imports {
    return {
      a: (_drive = 0, buffer = 0, sector = 0, count = 0) => storage.write(buffer, sector >>> 0, count),
      b: (_drive = 0, command = 0, buffer = 0) => storage.ioctl(command, buffer),
      c: (_drive = 0, buffer = 0, sector = 0, count = 0) => storage.read(buffer, sector >>> 0, count),
      d: () => storage.status(),
      e: () => storage.status(),
      f: (low = 0, high = 0, out = 0) => this.#localTime((low >>> 0) + high * 2 ** 32, out),
      g: (size = 0) => this.#grow(size >>> 0),
      // tzset(): time zones are not needed, since JavaScript computes the local time.
      h: () => {},
      i: () => Date.now(),
    }
  }

  /** Fills C's `struct tm`, of which FatFs reads the first six fields. FAT supports dates from 1980 to 2107. */
  #localTime(seconds: number, out: number): void {
    const time = new Date(seconds * 1000)
    const year = time.getFullYear()
    const date = year < 1980 ? new Date(1980, 0, 1) : year > 2107 ? new Date(2107, 11, 31, 23, 59, 58) : time
    const fields = [date.getSeconds(), date.getMinutes(), date.getHours(), date.getDate(), date.getMonth()]
    for (const [index, value] of [...fields, date.getFullYear() - 1900].entries()) {
      this.memory.writeInt32LE(value, out + index * 4)
    }
  }

  #grow(size: number): number {
    if (size > MAX_MEMORY) return 0
    try {
      this.#memory.grow(Math.ceil((size - this.#memory.buffer.byteLength) / PAGE))
      return 1
    } catch {
      return 0
    }
  }
}

function functionsOf(exports: Readonly<Record<string, unknown>>): FatFunctions {
  const found: Record<string, unknown> = {}
  for (const [name, [letter, parameters]] of Object.entries(FUNCTIONS)) {
    const value = exports[letter]
    if (typeof value !== 'function' || value.length !== parameters) {
      throw new NotImplementedError(`this version of js-fatfs is not the one that osier knows: no ${name}`)
    }
    found[name] = value
  }
  return found as FatFunctions
}
