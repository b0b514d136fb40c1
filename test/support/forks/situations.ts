import type { Situation } from './child.ts'
import { endings } from './endings.ts'
import { language } from './language.ts'

/** All situations, by name. */
export const situations: Readonly<Record<string, Situation>> = { ...endings, ...language }
