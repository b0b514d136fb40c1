import { writeFileSync } from 'node:fs'
import os from 'osier'
import { S_IMODE, S_IXUSR } from 'osier/stat'

// Turns one permission around and leaves the others as they are: the mode is read, one bit changed, and written back.

const file = 'stat_chmod_example.txt'
writeFileSync(file, 'contents', { flag: 'wx' })

// `st_mode` also contains the file's type, which chmod does not change.
const permissions = S_IMODE(os.stat(file).st_mode)

if (os.access(file, os.X_OK)) {
  console.log('Removing execute permission')
  os.chmod(file, permissions & ~S_IXUSR)
} else {
  console.log('Adding execute permission')
  os.chmod(file, permissions | S_IXUSR)
}
console.log('Executable:', os.access(file, os.X_OK))

os.unlink(file)
