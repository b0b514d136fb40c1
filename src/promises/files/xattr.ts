import { plainView } from '../../os/arguments/buffers.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import type { Path } from '../../os/arguments/paths.ts'
import type { FollowSymlinksOption } from '../../os/files/status.ts'
import * as os from '../../os/files/xattr.ts'
import type { Prepared } from '../../os/prepared.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, twin } from '../on_pool.ts'

/**
 * getxattr(2): `os.getxattr` on the thread pool. The value of an extended attribute.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.getxattr('folder', 'user.none') // throws OSError
 * ```
 */
export const getxattr: (
  path: Path | Descriptor,
  attribute: Path,
  options?: FollowSymlinksOption & SignalOption,
) => Promise<Buffer> = twin(os.getxattr, os.preparedGetxattr, {
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
export const setxattr: {
  (
    path: Path | Descriptor,
    attribute: Path,
    value: ArrayBufferView,
    flags: number,
    options?: FollowSymlinksOption & SignalOption,
  ): Promise<void>
  (
    path: Path | Descriptor,
    attribute: Path,
    value: ArrayBufferView,
    options?: FollowSymlinksOption & SignalOption & { readonly flags?: number | undefined },
  ): Promise<void>
} = twin(os.setxattr, preparedSetxattr, NOTHING)

/**
 * removexattr(2): `os.removexattr` on the thread pool. Removes an extended attribute.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.removexattr('folder', 'user.none') // throws OSError
 * ```
 */
export const removexattr: (
  path: Path | Descriptor,
  attribute: Path,
  options?: FollowSymlinksOption & SignalOption,
) => Promise<void> = twin(os.removexattr, os.preparedRemovexattr, NOTHING)

/**
 * listxattr(2): `os.listxattr` on the thread pool. The names of the extended attributes.
 * @example
 * ```ts
 * os.mkdir('folder')
 * const names = await promises.listxattr('folder')
 * names.includes('user.none') // => false
 * ```
 */
export const listxattr: {
  (path: Path | Descriptor | null, options?: FollowSymlinksOption & SignalOption): Promise<string[]>
  (
    options?: FollowSymlinksOption & SignalOption & { readonly path?: Path | Descriptor | null | undefined },
  ): Promise<string[]>
} = twin(os.listxattr, os.preparedListxattr, {
  output: -1,
  result: (size) => os.attributeNames(Number(size)),
})
