import os from 'osier'

/** Leaves a file open with data that waits: the file's path is the argument. */
const file = os.fdopen(os.open(process.argv[2] ?? '', os.O_WRONLY), 'w')
file.write('written at exit')
