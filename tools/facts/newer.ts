/**
 * Facts newer than the headers at hand. Only the kernel's interface is listed here: its numbers are the same on every
 * architecture and never change. Each line says since which kernel, and where it is defined. A header that knows the
 * name must agree with it; then the line here can go.
 */

/** include/uapi/asm-generic/unistd.h; numbers from 424 on are common to all architectures. */
export const newerSyscalls: Readonly<Record<string, number>> = {
  fchmodat2: 452, // Linux 6.6
}

export const newerConstants: Readonly<Record<string, number>> = {
  // include/uapi/linux/fs.h
  RWF_NOAPPEND: 0x20, // Linux 6.9; late patch levels of 6.1 have it too
  // include/uapi/linux/io_uring.h
  IORING_OP_WAITID: 50, // Linux 6.7
  IORING_OP_FTRUNCATE: 55, // Linux 6.9
  // include/uapi/linux/stat.h
  STATX_MNT_ID_UNIQUE: 0x4000, // Linux 6.8
  STATX_SUBVOL: 0x8000, // Linux 6.10
  STATX_WRITE_ATOMIC: 0x10000, // Linux 6.11
  STATX_DIO_READ_ALIGN: 0x20000, // Linux 6.14
  STATX_ATTR_WRITE_ATOMIC: 0x400000, // Linux 6.11
}

/** Fields, as [offset, size]; they use padding of a structure, whose size does not change. */
export const newerFields: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  // include/uapi/linux/stat.h
  statx: {
    stx_subvol: [0xa0, 8], // Linux 6.10
    stx_atomic_write_unit_min: [0xa8, 4], // Linux 6.11
    stx_atomic_write_unit_max: [0xac, 4], // Linux 6.11
    stx_atomic_write_segments_max: [0xb0, 4], // Linux 6.11
    stx_dio_read_offset_align: [0xb4, 4], // Linux 6.14
    stx_atomic_write_unit_max_opt: [0xb8, 4], // Linux 6.16
  },
}
