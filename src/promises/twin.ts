import type { SignalOption } from './abort.ts'

/**
 * The type of the asynchronous twin of a function: the same ways to call it, with `signal` among the options, and a
 * promise of the same result. So the parameters of the synchronous function need not be repeated.
 *
 * TypeScript can take a function apart that can be called in three ways or fewer. Of one with more it makes `never`,
 * which no function is: the type of its twin has to be written by hand.
 */
export type Twin<F> = F extends {
  (...args: infer X extends Arguments): infer Y
  (...args: infer A extends Arguments): infer R
  (...args: infer B extends Arguments): infer S
  (...args: infer C extends Arguments): infer T
}
  ? // For ways that there are not, TypeScript repeats the first.
    Same<[X, Y], [A, R]> extends false
    ? never
    : Same<[A, R], [B, S]> extends false
      ? TwinWay<A, R> & TwinWay<B, S> & TwinWay<C, T>
      : Same<[B, S], [C, T]> extends false
        ? TwinWay<B, S> & TwinWay<C, T>
        : TwinWay<C, T>
  : never

type Arguments = readonly unknown[]

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

type TwinWay<A extends Arguments, R> = (
  ...args: TakesOptions<A> extends true ? WithSignal<A> : [...WithSignal<A>, options?: SignalOption]
) => Promise<R>

/** An object all of whose properties are optional is one of options. */
type NoOptions = Record<never, never>

/** `signal` among the options of each argument that may be an object of options. */
type WithSignal<A extends Arguments> = { [I in keyof A]: NoOptions extends A[I] ? SignalledOptions<A[I]> : A[I] }
type SignalledOptions<T> = T extends unknown ? (NoOptions extends T ? T & SignalOption : T) : never

/** Whether an argument can be nothing but an object of options. */
type TakesOptions<A extends Arguments> = true extends { [I in keyof A]-?: IsOptions<A[I]> }[number] ? true : false
type IsOptions<T> = [T extends undefined ? true : NoOptions extends T ? true : false] extends [true] ? true : false
