import os from 'osier'
import { isOpen } from './open_files.ts'
import { forbid } from './seccomp.ts'

/** Prints which descriptors `closerange` closes if close_range(2) fails with the given error number. */
const errno = Number(process.argv[2])
if (errno !== 0) forbid('close_range', errno)

const fds = [700, 701, 702, 705, 710]
for (const fd of fds) os.dup2(1, fd)
os.closerange(701, 706)
console.log(fds.filter((fd) => !isOpen(fd)).join(' '))
