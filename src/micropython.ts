/**
 * The `os` of OpenMV and MicroPython, and its `vfs`:
 *
 *     import os, { vfs } from 'osier/micropython'
 */
export * from './micropython/os.ts'
export * as default from './micropython/os.ts'
export * as vfs from './micropython/vfs.ts'
