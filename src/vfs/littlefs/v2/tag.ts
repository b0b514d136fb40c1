/** Tags: 32 bits before each piece of metadata that say what it is, of which file, and how long. */

/** The kinds: the upper 3 of the 11 bits of a type. */
export const NAME = 0x000
export const STRUCT = 0x200
export const ATTRIBUTE = 0x300
export const SPLICE = 0x400
export const CHECKSUM = 0x500
export const TAIL = 0x600
export const STATE = 0x700

export const REGULAR = 0x001
export const DIRECTORY = 0x002
export const SUPERBLOCK = 0x0ff
export const DIRECTORY_STRUCT = 0x200
export const INLINE_STRUCT = 0x201
export const CTZ_STRUCT = 0x202
export const CREATE = 0x401
export const DELETE = 0x4ff
/** Of what is expected after a commit, where nothing has been programmed yet. */
export const FORWARD_CHECKSUM = 0x5ff
export const MOVE_STATE = 0x7ff

/** The id of what belongs to no file. */
export const NO_ID = 0x3ff
/** The size of what has been deleted. */
export const DELETED_SIZE = 0x3ff
/** What a piece of metadata has at the most. */
export const LARGEST_SIZE = 0x3fe
/** The first tag is combined with this one. */
export const NO_TAG = 0xffff_ffff

export function makeTag(type: number, id: number, size: number): number {
  return ((type << 20) | (id << 10) | size) >>> 0
}

/** Tags that say something have this bit clear. */
export function isValid(tag: number): boolean {
  return tag >>> 31 === 0
}

export function typeOf(tag: number): number {
  return (tag >>> 20) & 0x7ff
}

export function kindOf(tag: number): number {
  return (tag >>> 20) & 0x700
}

export function idOf(tag: number): number {
  return (tag >>> 10) & 0x3ff
}

export function isDeletion(tag: number): boolean {
  return (tag & 0x3ff) === DELETED_SIZE
}

/** Bytes that follow the tag. */
export function sizeOf(tag: number): number {
  return isDeletion(tag) ? 0 : tag & 0x3ff
}
