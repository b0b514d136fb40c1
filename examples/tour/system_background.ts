import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

// The shell's `&` runs a command in the background, and `os.system` returns without waiting for it.

console.log('Calling...')
os.system('date +%T; (sleep 1; date +%T) &')

console.log('Waiting...')
await sleep(1200)
