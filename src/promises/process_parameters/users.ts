import { SCRATCH_SIZE, scratchAddress } from '../../libc/memory.ts'
import type { FileName } from '../../os/arguments/paths.ts'
import type { Prepared } from '../../os/prepared.ts'
import * as os from '../../os/process_parameters/users.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/** The call's memory holds the number of groups, from which C takes the available room, and then the groups. */
const MOST = SCRATCH_SIZE / 4 - 1

function preparedGetgrouplist(user: FileName, group: number): Prepared<'getgrouplist'> {
  const [name, own] = os.checkedUser(user, group)
  return {
    name: 'getgrouplist',
    args: [name, own, scratchAddress + 4, scratchAddress],
    syscall: 'getgrouplist',
    file: undefined,
  }
}

const GROUPS: Outcome<number[]> = {
  fill: (_, { bytes }) => {
    bytes.writeInt32LE(MOST)
  },
  result: (_, __, { bytes }) => os.idsIn(bytes, bytes.readInt32LE(), 4),
  // More groups than fit: this is rare, so the synchronous call is made.
  failure(_, call) {
    const [name, own] = (call as Prepared<'getgrouplist'>).args
    return os.groupsOf(name, own)
  },
}

/**
 * getgrouplist(3): `os.getgrouplist` on the thread pool, since the user database may be on another machine.
 * @example
 * ```ts
 * await promises.getgrouplist('root', 0) // => [0]
 * ```
 */
export const getgrouplist: Twin<typeof os.getgrouplist> = twin(os.getgrouplist, preparedGetgrouplist, GROUPS)
