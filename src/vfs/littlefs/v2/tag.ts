/** Tags: the 32 bits before each item of metadata that give its type, the id of its file, and its length. */

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
/** A checksum of the space expected to be erased after a commit. */
export const FORWARD_CHECKSUM = 0x5ff
export const MOVE_STATE = 0x7ff

/** The id of items that belong to no file. */
export const NO_ID = 0x3ff
/** The size that marks a deleted item. */
export const DELETED_SIZE = 0x3ff
/** The maximal size of an item. */
export const LARGEST_SIZE = 0x3fe
/** The value with which the first tag is xored. */
export const NO_TAG = 0xffff_ffff

export function makeTag(type: number, id: number, size: number): number {
  return ((type << 20) | (id << 10) | size) >>> 0
}

/** Valid tags have this bit clear. */
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

/** The number of bytes that follow the tag. */
export function sizeOf(tag: number): number {
  return isDeletion(tag) ? 0 : tag & 0x3ff
}
