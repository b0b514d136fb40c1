export * from './os/directories.ts'
export * from './os/files.ts'
export * from './os/metadata.ts'
export * from './os/names.ts'
