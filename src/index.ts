/** `import os from 'osier'` and `import { stat } from 'osier'` give the same objects. */
export * from './os/namespace.ts'
export * as default from './os/namespace.ts'
