import { BLOCK_SIZE } from '../../libc/background.ts'
import { osError } from '../../libc/call.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { scratchAddress } from '../../libc/memory.ts'
import { ownBytes, ownConcat, ownPart } from '../../libc/own_bytes.ts'
import { clampCount } from '../../os/descriptors/transfer_size.ts'
import type { Prepared } from '../../os/prepared.ts'
import * as os from '../../os/system/random.ts'
import { named, type Outcome, onPool, takeSignal, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

const { ENOSYS, EPERM } = errnoNumbers

const BYTES: Outcome<Buffer> = {
  memorySize: (call) => Number(call.args[1]),
  result(size, _, { bytes }) {
    const got = Number(size)
    if (bytes.length > BLOCK_SIZE) return ownPart(bytes, got)
    // The block serves other calls.
    const own = ownBytes(bytes, 0, got)
    bytes.fill(0, 0, got)
    return own
  },
}

/**
 * getrandom(2): `os.getrandom` on the thread pool. Random bytes from the kernel's generator.
 * @example
 * ```ts
 * const bytes = await promises.getrandom(16)
 * bytes.length // => 16
 * ```
 */
export const getrandom: Twin<typeof os.getrandom> = twin(os.getrandom, os.preparedGetrandom, BYTES)

/** As `getrandom`; where a sandbox forbids it, the synchronous function reads /dev/urandom. */
const RANDOM: Outcome<Buffer> = {
  ...BYTES,
  failure(errno, { args }) {
    if (errno === EPERM || errno === ENOSYS) return os.urandom(Number(args[1]))
    throw osError(errno, 'urandom')
  },
}

/**
 * getrandom(2): `os.urandom` on the thread pool. The requested number of random bytes.
 * @example
 * ```ts
 * const bytes = await promises.urandom(16)
 * bytes.length // => 16
 * ```
 */
export const urandom: Twin<typeof os.urandom> = named(os.urandom, async (...given) => {
  const signal = takeSignal(given)
  const wanted = os.checkedSize(given[0])
  const pieces: Buffer[] = []
  let left = wanted
  do {
    const args = [scratchAddress, clampCount(left), 0] as const
    const call: Prepared<'getrandom'> = { name: 'getrandom', args, syscall: 'urandom', file: undefined }
    const piece = await onPool(call, RANDOM, signal)
    left -= piece.length
    pieces.push(piece)
  } while (left > 0)
  const first = pieces[0]
  return first !== undefined && pieces.length === 1 ? first : ownConcat(pieces)
})
