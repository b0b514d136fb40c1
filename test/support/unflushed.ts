import os from 'osier'

/**
 * Leaves a file open with data that waits: the file's path is the argument. It can be reached to the end: Node 26
 * collects garbage before it ends, which would close unreferenced files, and warn.
 */
const file = os.fdopen(os.open(process.argv[2] ?? '', os.O_WRONLY), 'w')
file.write('written at exit')
Object.assign(globalThis, { file })
