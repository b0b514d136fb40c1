import koffi from 'koffi'
import { constants, syscalls } from '../../src/libc/facts.ts'

const prctl = koffi.load(null).func('int prctl(int, unsigned long, void *, unsigned long, unsigned long)')

/** For a test's `skip`: why no system call can be made to fail, or false. QEMU keeps programs from it. */
export const noSeccomp: string | false =
  prctl(constants.PR_GET_SECCOMP, 0, null, 0, 0) === -1 && 'there is no seccomp(2) here'

/**
 * From now on a system call fails in this thread with the error number given, as in a sandbox (seccomp(2)). It cannot be
 * undone, so it is for child processes. With `argument` only calls fail whose argument at that place, from 0, has that
 * value, of 32 bits. The call is given by its number where osier does not know its name.
 */
export function forbid(
  syscall: keyof typeof syscalls | number,
  errno: number,
  argument?: readonly [place: number, value: number],
): void {
  const number = typeof syscall === 'number' ? syscall : syscalls[syscall]
  const [place = 0, value = 0] = argument ?? []
  const checked = [
    { code: 0x20, jt: 0, jf: 0, k: 16 + 8 * place },
    { code: 0x15, jt: 0, jf: 1, k: value },
  ]
  const instructions = [
    // Load the number; where it is the one, and the argument too, return the error, else allow.
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    { code: 0x15, jt: 0, jf: argument === undefined ? 1 : 3, k: number ?? 0 },
    ...(argument === undefined ? [] : checked),
    { code: 0x06, jt: 0, jf: 0, k: 0x0005_0000 + errno },
    { code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 },
  ]
  const filter = Buffer.alloc(8 * instructions.length)
  for (const [index, { code, jt, jf, k }] of instructions.entries()) {
    filter.writeUInt16LE(code, 8 * index)
    filter.writeUInt8(jt, 8 * index + 2)
    filter.writeUInt8(jf, 8 * index + 3)
    filter.writeUInt32LE(k, 8 * index + 4)
  }
  const program = Buffer.alloc(16)
  program.writeUInt16LE(instructions.length, 0)
  program.writeBigUInt64LE(koffi.address(filter), 8)
  if (prctl(constants.PR_SET_NO_NEW_PRIVS, 1, null, 0, 0) === -1) throw new Error('no_new_privs is refused')
  const mode = constants.SECCOMP_MODE_FILTER
  if (prctl(constants.PR_SET_SECCOMP, mode, program, 0, 0) === -1) throw new Error('the filter is refused')
}
