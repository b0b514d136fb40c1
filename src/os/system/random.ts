import { NotImplementedError } from '../../errors.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { type Address, libc } from '../../libc/functions.ts'
import { addressOf, scratchAddress } from '../../libc/memory.ts'
import { ownPart } from '../../libc/own_bytes.ts'
import { findVdsoRandom, type VdsoRandom } from '../../libc/vdso.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { clampCount } from '../descriptors/transfer_size.ts'
import type { Prepared } from '../prepared.ts'

/**
 * Flag of `getrandom`: fail with BlockingIOError while the kernel's generator is not initialised, instead of blocking.
 */
export const GRND_NONBLOCK: number = constants.GRND_NONBLOCK
/** Flag of `getrandom`: use the source of /dev/random instead of that of /dev/urandom. */
export const GRND_RANDOM: number = constants.GRND_RANDOM

const { AT_FDCWD, O_CLOEXEC, O_RDONLY } = constants
const { EACCES, EINTR, EINVAL, ENODEV, ENOENT, ENOSYS, ENXIO, EPERM } = errnoNumbers

/** The largest size for which the vDSO's function is faster than the system call. */
const MAX_VDSO_BYTES = 64

/**
 * getrandom(2): returns random bytes from the kernel's generator, suitable for cryptographic keys.
 *
 * @param size the number of bytes
 * @param flags 0 or a combination of GRND_NONBLOCK and GRND_RANDOM
 * @returns the bytes: fewer than `size` if a signal interrupted the call, or if GRND_RANDOM had no more
 * @throws OSError as the system reports: BlockingIOError (GRND_NONBLOCK, while the generator is not initialised, early
 *   after boot), EINVAL for a negative size or unknown flags
 *
 * Availability: Linux 3.17. See getrandom(2); Python, os.getrandom.
 * @example
 * ```ts
 * os.getrandom(16).length // => 16
 * os.getrandom(16, os.GRND_NONBLOCK).length // => 16
 * ```
 */
export function getrandom(size: number, flags: number): Buffer
export function getrandom(size: number, options?: { readonly flags?: number | undefined }): Buffer
export function getrandom(size: number, ...rest: unknown[]): Buffer {
  const [, wanted, bits] = preparedGetrandom(size, ...rest).args
  return randomBytes(wanted, bits)
}

/** Checks and converts the arguments of `getrandom`. */
export function preparedGetrandom(size: number, ...rest: unknown[]): Prepared<'getrandom'> {
  const { flags = 0 } = optional(['flags'], [], rest)
  const wanted = int(size, 'size', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  const bits = int(flags, 'flags')
  if (wanted < 0) throw osError(EINVAL, 'getrandom')
  return {
    name: 'getrandom',
    args: [scratchAddress, clampCount(wanted), bits],
    syscall: 'getrandom',
    file: undefined,
  }
}

function randomBytes(size: number, flags: number): Buffer {
  let got: number
  const buffer = Buffer.allocUnsafeSlow(size)
  while ((got = libc.getrandom(addressOf(buffer), size, flags)) === -1) failed('getrandom')
  return ownPart(buffer, got)
}

/**
 * getrandom(2): returns exactly `size` random bytes from the kernel's generator, suitable for cryptographic keys. Early
 * after boot it blocks until the generator is initialised.
 *
 * @param size the number of bytes
 * @returns the bytes
 * @throws RangeError for a negative size
 * @throws NotImplementedError if a sandbox forbids the system call and there is no /dev/urandom either
 *
 * Availability: Linux. See getrandom(2), urandom(4); Python, os.urandom.
 * @example
 * ```ts
 * os.urandom(16).length // => 16
 * ```
 */
export function urandom(size: number): Buffer {
  const wanted = checkedSize(size)
  const buffer = Buffer.allocUnsafeSlow(wanted)
  const start = addressOf(buffer)
  if (wanted > MAX_VDSO_BYTES || !fillFromVdso(start, wanted)) fill(start, wanted)
  return buffer
}

/** Checks the size argument of `urandom`. */
export function checkedSize(size: unknown): number {
  return int(size, 'size', 0, Number.MAX_SAFE_INTEGER)
}

let vdsoRandom: VdsoRandom | null | undefined

function fillFromVdso(start: Address, size: number): boolean {
  if (vdsoRandom === undefined) vdsoRandom = findVdsoRandom()
  return vdsoRandom !== null && vdsoRandom(start, size) === size
}

function fill(start: Address, size: number): void {
  for (let done = 0; done < size; ) {
    const got = libc.getrandom(start + done, size - done, 0)
    if (got !== -1) {
      done += got
      continue
    }
    const errno = lastErrno()
    if (errno === EPERM || errno === ENOSYS) {
      fillFromDevice(start + done, size - done)
      return
    }
    if (errno !== EINTR) throw osError(errno, 'urandom')
  }
}

/** Reads /dev/urandom, which is available in sandboxes that refuse getrandom(2). */
function fillFromDevice(start: Address, size: number): void {
  const fd = openDevice()
  try {
    for (let done = 0; done < size; ) {
      const got = libc.read(fd, start + done, size - done)
      if (got === -1) failed('urandom', '/dev/urandom')
      else done += got
    }
  } finally {
    libc.close(fd)
  }
}

function openDevice(): number {
  for (;;) {
    const fd = libc.openat(AT_FDCWD, '/dev/urandom', O_RDONLY | O_CLOEXEC, 0)
    if (fd !== -1) return fd
    const errno = lastErrno()
    if (errno === ENOENT || errno === ENXIO || errno === ENODEV || errno === EACCES) {
      throw new NotImplementedError('neither getrandom(2) nor /dev/urandom is to be had')
    }
    if (errno !== EINTR) throw osError(errno, 'urandom', '/dev/urandom')
  }
}
