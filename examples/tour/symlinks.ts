import os from 'osier'
import { basename, join } from 'osier/path'

// A symbolic link is a file whose contents are a path. `lstat` and `readlink` refer to the link itself, where `stat`
// and `open` go on to what it points to.

const [, , target = import.meta.filename] = process.argv
const link = join(os.environ.TMPDIR ?? '/tmp', basename(target))

console.log(`Creating link ${link} -> ${target}`)
os.symlink(target, link)

console.log(`Permissions: 0o${os.lstat(link).st_mode.toString(8)}`)
console.log('Points to:', os.readlink(link))

os.unlink(link)
