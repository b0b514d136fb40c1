/** `import os from 'osier'` and `import { stat } from 'osier'` return the same objects. */
export * from './namespace.ts'
export * as default from './namespace.ts'
