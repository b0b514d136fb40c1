/** What the types of `osier/promises` promise beside those of `os`. tsc checks it when the tests are built. */

import type * as os from 'osier'
import type * as promises from 'osier/promises'
import type { Twin } from '../src/promises/twin.ts'

type Arguments = readonly unknown[]

/** The lists of arguments that a function can be called with. For ways that there are not, the first is repeated. */
type Ways<F> = F extends {
  (...args: infer A extends Arguments): unknown
  (...args: infer B extends Arguments): unknown
  (...args: infer C extends Arguments): unknown
  (...args: infer D extends Arguments): unknown
  (...args: infer E extends Arguments): unknown
  (...args: infer G extends Arguments): unknown
  (...args: infer H extends Arguments): unknown
  (...args: infer I extends Arguments): unknown
}
  ? A | B | C | D | E | G | H | I
  : never

/** The names of the options that a function takes: the properties of arguments that have no required ones. */
type Options<F> = OptionsAmong<Ways<F>[number]>
type OptionsAmong<T> = T extends unknown ? (Record<never, never> extends T ? keyof T : never) : never

/** The options that a function takes, and its twin does not. */
type Lost<F, Twin> = Exclude<Options<F>, Options<Twin>>
/** The lists of arguments that a function takes, and its twin does not. */
type Refused<F, Twin> = Exclude<Ways<F>, Ways<Twin>>

type Names<Os, Twins> = keyof Os & keyof Twins
type LostOptions<Os, Twins> = {
  [Name in Names<Os, Twins> as Lost<Os[Name], Twins[Name]> extends never ? never : Name]: Lost<Os[Name], Twins[Name]>
}
type RefusedArguments<Os, Twins> = {
  [Name in Names<Os, Twins> as Refused<Os[Name], Twins[Name]> extends never ? never : Name]: Refused<
    Os[Name],
    Twins[Name]
  >
}

// Where the compiler complains that names are missing in {}, these functions of os take what their twins do not.
export const lost: LostOptions<typeof os, typeof promises> = {}
export const refused: RefusedArguments<typeof os, typeof promises> = {}

interface Example {
  rename(src: string, options?: { flags?: number }): void
  read(fd: number, n: number, offset?: number): string
  walk(top: string, topdown: boolean): void
  walk(options?: { top?: string; depth?: number }): void
  same(path: string | number, options?: { flags?: number }): void
}
interface ExampleTwins {
  rename(src: string, options?: { signal?: AbortSignal }): Promise<void>
  read(fd: number, n: number, options?: { signal?: AbortSignal }): Promise<string>
  walk(top: string, topdown: boolean, options?: { signal?: AbortSignal }): Promise<void>
  walk(options?: { top?: string; signal?: AbortSignal }): Promise<void>
  same(path: string | number, options?: { flags?: number; signal?: AbortSignal }): Promise<void>
}

// The checks find what they are for.
export const lostExample: Is<LostOptions<Example, ExampleTwins>, { rename: 'flags'; walk: 'depth' }> = true
export const refusedExample: Is<keyof RefusedArguments<Example, ExampleTwins>, 'read' | 'rename'> = true

type Is<A, B> = [A, B] extends [B, A] ? true : false

// The twin of a function with more ways than Twin can take apart is no function.
type FourWays = {
  (a: 1): void
  (a: 2): void
  (a: 3): void
  (a: 4): void
}
export const tooMany: Is<Twin<FourWays>, never> = true
export const three: Is<Twin<typeof os.readlink>, typeof promises.readlink> = true
export const one: Is<
  Twin<Example['rename']>,
  (src: string, options?: { flags?: number } & promises.SignalOption) => Promise<void>
> = true
