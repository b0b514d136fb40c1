import { plainView } from '../../os/arguments/buffers.ts'
import * as os from '../../os/files/xattr.ts'
import type { Prepared } from '../../os/prepared.ts'
import { NOTHING, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * getxattr(2): `os.getxattr` on the thread pool. The value of an extended attribute.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.getxattr('folder', 'user.none') // throws OSError
 * ```
 */
export const getxattr: Twin<typeof os.getxattr> = twin(os.getxattr, os.preparedGetxattr, {
  output: -1,
  result: (size) => os.attributeValue(Number(size)),
})

/** Passes a copy of the value: the caller's memory could be transferred and freed before C has read it. */
function preparedSetxattr(...given: Parameters<typeof os.preparedSetxattr>): Prepared {
  const call = os.preparedSetxattr(...given)
  return {
    ...call,
    args: (call.args as readonly unknown[]).with(2, Buffer.from(plainView(call.args[2]))),
  } as unknown as Prepared
}

/**
 * setxattr(2): `os.setxattr` on the thread pool. Sets an extended attribute, to a copy of `value`.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.setxattr('folder', 'user.mark', Buffer.from('new'), os.XATTR_REPLACE) // throws OSError
 * ```
 */
export const setxattr: Twin<typeof os.setxattr> = twin(os.setxattr, preparedSetxattr, NOTHING)

/**
 * removexattr(2): `os.removexattr` on the thread pool. Removes an extended attribute.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.removexattr('folder', 'user.none') // throws OSError
 * ```
 */
export const removexattr: Twin<typeof os.removexattr> = twin(os.removexattr, os.preparedRemovexattr, NOTHING)

/**
 * listxattr(2): `os.listxattr` on the thread pool. The names of the extended attributes.
 * @example
 * ```ts
 * os.mkdir('folder')
 * const names = await promises.listxattr('folder')
 * names.includes('user.none') // => false
 * ```
 */
export const listxattr: Twin<typeof os.listxattr> = twin(os.listxattr, os.preparedListxattr, {
  output: -1,
  result: (size) => os.attributeNames(Number(size)),
})
