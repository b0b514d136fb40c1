/** CRC-32 with the polynomial 0x04c11db7, bits reversed: the checksum of littlefs. The result is not inverted. */

const REVERSED_POLYNOMIAL = 0xedb88320

/** The initial value of a checksum. */
export const CRC_START = 0xffff_ffff

const TABLE: Uint32Array = new Uint32Array(256).map((_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1
  return crc
})

/**
 * Computes a checksum.
 *
 * @param crc the checksum of the preceding bytes, `CRC_START` at the beginning
 */
export function crc32(data: Uint8Array, start: number = 0, end: number = data.length, crc: number = CRC_START): number {
  let sum = crc
  for (let at = start; at < end; at++) sum = (sum >>> 8) ^ (TABLE[(sum ^ (data[at] ?? 0)) & 0xff] ?? 0)
  return sum >>> 0
}
