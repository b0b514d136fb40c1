import { promises as nodeFs } from 'node:fs'
import os, { promises } from 'osier'
import { countNames } from '../bare_walk.ts'
import { delayOf, inNode } from '../contestants.ts'
import type { Work } from '../harness.ts'

const TREE = '/usr'
const MANY = 100_000

let found: readonly string[] | undefined

/** Paths of files, some of them more than once. Created on first use. */
function files(): readonly string[] {
  if (found !== undefined) return found
  const paths: string[] = []
  for (const [path, , names] of os.walk(TREE)) for (const name of names) paths.push(`${path}/${name}`)
  found = Array.from({ length: MANY }, (_, index) => paths[index % paths.length] ?? TREE)
  return found
}

export const works: readonly Work[] = [
  {
    name: `promises.lstat of ${MANY} files, all at once`,
    osier: inNode(async () => {
      await Promise.all(files().map((path) => promises.lstat(path)))
    }),
    against: [
      {
        name: 'fs.promises.lstat, with bigint for nanoseconds',
        entry: inNode(async () => {
          await Promise.all(files().map((path) => nodeFs.lstat(path, { bigint: true })))
        }),
        atMost: 1,
      },
      {
        name: 'os.lstat',
        entry: inNode(() => {
          for (const path of files()) os.lstat(path)
        }),
      },
    ],
  },
  {
    name: 'promises.stat, one after the other',
    osier: inNode(async () => {
      await promises.stat(TREE)
    }),
    against: [
      {
        name: 'fs.promises.stat',
        entry: inNode(async () => {
          await nodeFs.stat(TREE)
        }),
        atMost: 1,
      },
    ],
  },
  {
    name: `promises.walk(${TREE})`,
    osier: inNode(async () => {
      let names = 0
      for await (const [, directories, others] of promises.walk(TREE)) names += directories.length + others.length
      return names
    }),
    against: [
      {
        name: 'os.walk',
        entry: inNode(() => {
          let names = 0
          for (const [, directories, others] of os.walk(TREE)) names += directories.length + others.length
          return names
        }),
        atMost: 2,
      },
      {
        name: "koffi's bare calls on the pool, in the same order",
        entry: inNode(() => countNames(TREE)),
        isFloor: true,
      },
      {
        name: 'fs.promises.readdir, recursive, withFileTypes',
        entry: inNode(async () => (await nodeFs.readdir(TREE, { recursive: true, withFileTypes: true })).length),
        atMost: 1,
      },
    ],
  },
  {
    name: `the longest turn of the event loop while promises.walk(${TREE}) runs for the first time`,
    osier: delayOf('walk'),
    against: [{ name: 'nothing going on', entry: delayOf('nothing'), atMostMore: 20 }],
  },
]
