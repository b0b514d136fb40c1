import os from 'osier'
import { EBUSY, EINTR, ENOENT, errorcode } from 'osier/errno'

// The system's words for its errors. Numbers differ from system to system, names do not.

for (const number of [ENOENT, EINTR, EBUSY]) {
  console.log(`[${number}]`.padStart(4), errorcode[number]?.padEnd(6), os.strerror(number))
}
