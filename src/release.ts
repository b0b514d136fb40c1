/** The version, as in package.json, and the date of this release. */
export const VERSION = '0.1.0'
export const RELEASED = '2026-11-21'
