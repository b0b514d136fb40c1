import { libc } from '../functions.ts'
import { openProc } from './proc.ts'

/**
 * Reads this process's own memory through the kernel: an invalid address gives `undefined`, where a direct access would
 * crash the process. So assumptions about the structures of other libraries can be verified.
 */
export class ProcessMemory {
  readonly #fd: number = openProc('/proc/self/mem')

  /** Bytes at an address. */
  bytes(address: number, size: number): Buffer | undefined {
    const buffer = Buffer.alloc(size)
    return libc.preadInto(this.#fd, buffer, size, address) === size ? buffer : undefined
  }

  /** The pointers in a range of memory whose start is a multiple of eight. */
  pointers(address: number, size: number): number[] {
    const bytes = this.bytes(address, size)
    if (bytes === undefined) return []
    return Array.from({ length: size / 8 }, (_, i) => Number(bytes.readBigUInt64LE(i * 8)))
  }

  /** The pointer at an address; 0 where the address is invalid. */
  pointer(address: number): number {
    return this.pointers(address, 8)[0] ?? 0
  }

  /** The 32-bit integer at an address. */
  int32(address: number): number | undefined {
    return this.bytes(address, 4)?.readInt32LE(0)
  }

  close(): void {
    libc.close(this.#fd)
  }
}

/** Whether a number can be the address of an object on the C++ heap. */
export function isObjectAddress(address: number): boolean {
  return address >= 0x10000 && address < 2 ** 52 && address % 8 === 0
}
