import os from 'osier'

// The command is the shell's: variables, wildcards, pipes and `&&` work. So never build one from what a stranger has
// typed: `os.spawnvp` and `os.posix_spawn` take the words one by one.

os.system('echo $TMPDIR | tr a-z A-Z')
