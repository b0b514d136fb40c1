import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

// The shell's `&` leaves a command behind that goes on by itself, and `os.system` returns without it.

console.log('Calling...')
os.system('date +%T; (sleep 1; date +%T) &')

console.log('Waiting...')
await sleep(1200)
