import { text } from 'node:stream/consumers'
import { here, type PathCall } from './path_calls.ts'

/** A program: makes the calls that it reads as JSON, and prints what came of them. For an environment of its own. */

console.log(JSON.stringify(here(JSON.parse(await text(process.stdin)) as PathCall[])))
