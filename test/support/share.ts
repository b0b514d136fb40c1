/**
 * `npm test` makes one in ten of the steps of some tests, other ones each time; `npm run test:all` and the matrix make all.
 * The runner sets both variables.
 */

import { random } from './random.ts'

/** Whether all steps are made. */
export const all: boolean = process.env.OSIER_TEST_ALL === '1'

/** What the lots of this run are drawn by. The runner prints it; whoever sets it to the same number repeats the run. */
export const seed: number = Number(process.env.OSIER_TEST_SEED ?? 1)

/** For a test's `skip`: why something that takes long is left out of the ordinary run, or false. */
export const partOfAll: string | false = all ? false : 'npm run test:all does it'

const TENTH = 10

/** Of a number of steps, how many this run makes: all, or one in ten. */
export function share(steps: number): number {
  return all ? steps : Math.ceil(steps / TENTH)
}

/** The seed of a sequence of random steps: always the same where all are made, else that of this run. */
export function seedOf(ofAll: number): number {
  return all ? ofAll : (ofAll + Math.imul(seed, TENTH)) >>> 0
}

/** Which of a series of steps this run makes: each of them, or one in ten and in any case the first. */
export function chosen(salt: number): (step: number) => boolean {
  const below = random(seedOf(salt))
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < TENTH; i++) below(TENTH)
  return (step) => below(TENTH) === 0 || all || step === 0
}
