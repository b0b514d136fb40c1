import { isMainThread } from 'node:worker_threads'
import { sysconfNames, target } from './facts.ts'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { isAddress, scratchAddress, uint32At } from './memory.ts'

/** Writes random bytes. Returns how many, or a negative error number. */
export type VdsoRandom = (out: Address, size: number) => number

const LIBRARY = 'linux-vdso.so.1'
const NAME = process.arch === 'arm64' ? '__kernel_getrandom' : '__vdso_getrandom'
const PROTOTYPE = `long ${NAME}(uintptr_t, size_t, unsigned int, uintptr_t, size_t)`

/** The value of the state's size that requests a description of the state. */
const DESCRIBE_STATE = 2n ** 64n - 1n

/**
 * getrandom(2) in the vDSO (vdso(7)), which the kernel provides from Linux 6.11 on: it makes no system call, but uses a
 * state that the kernel clears when the process forks, and reseeds when a virtual machine has been cloned. A buffer of
 * random bytes of osier's own would give both copies the same bytes. glibc uses it from 2.41 on.
 *
 * Every thread needs a state of its own, and those of ended workers could not be freed, so only the main thread uses
 * it. Returns null in other threads, and where the kernel does not have it.
 *
 * include/uapi/linux/random.h describes the state.
 */
export function findVdsoRandom(): VdsoRandom | null {
  const call = target !== null && isMainThread ? find() : null
  if (call === null || call(0, 0, 0, scratchAddress, DESCRIBE_STATE) !== 0) return null
  const [size, protection, flags] = [uint32At(0), uint32At(4), uint32At(8)]
  const page = Number(libc.sysconf(sysconfNames.SC_PAGESIZE))
  // A state must not cross a page boundary.
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
