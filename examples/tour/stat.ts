import os from 'osier'
import { ctime } from 'osier/time'

// What the system knows of a file. `st_ctime` is when this knowledge last changed (a new name, owner or mode counts),
// not when the file was made.

const [, , file = import.meta.filename] = process.argv

const status = os.stat(file)

console.log(`os.stat(${file}):`)
console.log('  Size:', status.st_size)
console.log(`  Permissions: 0o${status.st_mode.toString(8)}`)
console.log('  Owner:', status.st_uid)
console.log('  Device:', status.st_dev)
console.log('  Last changed :', ctime(status.st_ctime))
console.log('  Last modified:', ctime(status.st_mtime))
console.log('  Last accessed:', ctime(status.st_atime))
