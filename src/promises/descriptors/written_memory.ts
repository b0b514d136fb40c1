import { wrongType } from '../../errors.ts'
import { byteLength, plainView, rejectDetached } from '../../os/arguments/buffers.ts'
import type { Prepared } from '../../os/prepared.ts'

/** A call that writes a copy of the caller's memory: the memory could be transferred and freed before C has read it. */
export interface Writing<Name extends 'pwriteFrom' | 'preadv2' | 'pwritev2'> extends Prepared<Name> {
  readonly views: readonly Uint8Array[]
  readonly length: number
  /** The parameter's name in error messages. */
  readonly argument: string
}

export function lengthOf(views: readonly Uint8Array[]): number {
  return views.reduce((sum, view) => sum + byteLength(view), 0)
}

/** The caller's memory. Throws where its length has changed since the call was made. */
export function unchanged({ views, length, argument }: Writing<'pwriteFrom' | 'preadv2' | 'pwritev2'>): Uint8Array[] {
  const plain = views.map((view) => plainView(rejectDetached(view, argument)))
  if (lengthOf(plain) === length) return plain
  throw wrongType(argument, 'memory that stays until the promise is settled', views)
}
