/** `import os from 'osier'` and `import { stat } from 'osier'` give the same objects. */
export * from './os/index.ts'
export * as default from './os/index.ts'
