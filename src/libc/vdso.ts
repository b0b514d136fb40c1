import { isMainThread } from 'node:worker_threads'
import { sysconfNames, target } from './facts.ts'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { scratchAddress, uint32At } from './memory.ts'

/** Writes random bytes: returns how many, or an error number, negative. */
export type VdsoRandom = (out: Address, size: number) => number

const LIBRARY = 'linux-vdso.so.1'
const NAME = process.arch === 'arm64' ? '__kernel_getrandom' : '__vdso_getrandom'
const PROTOTYPE = `long ${NAME}(uintptr_t, size_t, unsigned int, uintptr_t, size_t)`

/** In the place of the state's size: asks what a state is like. */
const ASK = 2n ** 64n - 1n

/**
 * getrandom(2) as kernels from Linux 6.11 on offer it, in the code that they put into every process (vdso(7)): it makes
 * no system call, but works on a state which the kernel empties when the process forks, and renews when the machine has
 * been copied. From a buffer of ours both would get the same bytes. glibc uses it from 2.41 on.
 *
 * Every thread would want a state of its own, and those of workers would stay when the workers are gone, so it is for
 * the main thread. Null elsewhere, and where there is none.
 *
 * See include/uapi/linux/random.h for what is said of the state.
 */
export function findVdsoRandom(): VdsoRandom | null {
  const call = target !== null && isMainThread ? find() : null
  if (call === null || call(0, 0, 0, scratchAddress, ASK) !== 0) return null
  const [size, protection, flags] = [uint32At(0), uint32At(4), uint32At(8)]
  const page = Number(libc.sysconf(sysconfNames.SC_PAGESIZE))
  // A state must not lie across two pages.
  const state = size <= page ? libc.mmap(0, page, protection, flags, -1, 0) : -1
  return isAddress(state) ? (out, wanted) => call(out, wanted, 0, state, size) : null
}

type Getrandom = (out: Address, size: number, flags: number, state: Address, stateSize: number | bigint) => number

function find(): Getrandom | null {
  try {
    return koffi.load(LIBRARY).func(PROTOTYPE)
  } catch {
    return null
  }
}

/** mmap(2) returns the highest of all addresses where it fails. */
function isAddress(result: number | bigint): result is number {
  return typeof result === 'number' && result > 0
}
