import os from 'osier'

// Starts a program without a shell, and without copying this process first: `l` for the words one by one, `p` for the
// search along PATH. The first word is the program's `argv[0]`.

const code = os.spawnlp(os.P_WAIT, 'pwd', 'pwd', '-P')
console.log('Exit code:', code)
