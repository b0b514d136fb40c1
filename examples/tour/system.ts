import os from 'osier'

// Runs a command and waits for it. It writes to the same terminal or file as this program does.

os.system('pwd')
