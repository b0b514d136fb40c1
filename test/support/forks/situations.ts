import { around } from './around.ts'
import type { Situation } from './child.ts'
import { endings } from './endings.ts'
import { language } from './language.ts'
import { parentState } from './parent_state.ts'
import { refusals } from './refusals.ts'
import { services } from './services.ts'
import { stress } from './stress.ts'

/** All situations, by what they are about. */
export const chapters: Readonly<Record<string, Readonly<Record<string, Situation>>>> = {
  'how a child ends': endings,
  'the language in a child': language,
  'what Node does in a child': services,
  'what stands around a fork': around,
  'what the parent has': parentState,
  'fork where it is hard': { ...stress, ...refusals },
}
