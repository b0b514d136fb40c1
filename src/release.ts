/** The release that this is: as in package.json, with the day it was made. */
export const VERSION = '0.1.0'
export const RELEASED = '2026-11-21'
