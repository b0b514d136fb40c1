import assert from 'node:assert/strict'
import os from 'osier'
import { type Behaviour, conformance, FakePath, type Here, holds, isRoot, type PythonClass } from './suite.ts'

/** CPython's tests of `walk` and `fwalk`: the same four times, by text and by bytes. */

interface Options {
  readonly topdown?: boolean
  readonly onerror?: (error: os.OSError) => void
  readonly follow_symlinks?: boolean
}

/** A directory, its directories and its other files: arrays that the walk reads again after the step. */
type Step = [root: string, directories: string[], files: string[]]
type Walk = (top: string | os.PathLike, options?: Options) => Iterable<Step>

const walk: Walk = (top, { follow_symlinks, ...options } = {}) =>
  os.walk(top as string, { ...options, ...(follow_symlinks === undefined ? {} : { followlinks: follow_symlinks }) })

const fwalk: Walk = function* (top, options = {}) {
  for (const [root, directories, files] of os.fwalk(top as string, options)) yield [root, directories, files]
}

const text = (names: readonly Uint8Array[]): string[] => names.map((name) => os.fsdecode(name))

/** A walk by bytes, decoded to text; items removed from its arrays are removed from those of the walk. */
function* inBytes(steps: Iterable<[Buffer, Buffer[], Buffer[], number?]>): Generator<Step> {
  for (const [root, directories, files] of steps) {
    assert.ok(Buffer.isBuffer(root))
    const names = text(directories)
    yield [os.fsdecode(root), names, text(files)]
    directories.splice(0, directories.length, ...names.map((name) => os.fsencode(name)))
  }
}

const bytesWalk: Walk = (top, { follow_symlinks, ...options } = {}) =>
  inBytes(os.walk(os.fsencode(top), { ...options, followlinks: follow_symlinks ?? false }))

const bytesFwalk: Walk = (top, options = {}) => inBytes(os.fwalk(os.fsencode(top), options))

/**
 * The tree, below `one`: a file `tmp1`; `SUB1` with a file and an empty `SUB11`; `SUB2` with a file, a closed directory
 * `SUB21`, a link to the directory `two`, and links to nothing.
 */
function tree(here: Here): string {
  os.makedirs(here.path('one/SUB1/SUB11'))
  os.makedirs(here.path('one/SUB2/SUB21'))
  os.mkdir(here.path('two'))
  for (const name of ['one/tmp1', 'one/SUB1/tmp2', 'one/SUB2/tmp3', 'one/SUB2/SUB21/tmp5', 'two/tmp4']) here.file(name)
  os.symlink(here.path('two'), here.path('one/SUB2/link'))
  os.symlink('broken', here.path('one/SUB2/broken_link'))
  os.symlink('tmp3/broken', here.path('one/SUB2/broken_link2'))
  os.chmod(here.path('one/SUB2/SUB21'), 0)
  here.later(() => os.chmod(here.path('one/SUB2/SUB21'), 0o700))
  return here.path('one')
}

/** The contents of each directory, and the order of the directories, without unreadable ones. */
function walked(steps: Iterable<Step>): { readonly order: string[]; readonly at: Map<string, Step> } {
  // As it was when it came: a caller may change the arrays later.
  const all = Array.from(steps, (step): Step => step).filter(([root]) => !root.endsWith('SUB21'))
  const at = new Map(all.map(([root, directories, files]) => [root, [root, directories.sort(), files.sort()] as Step]))
  return { order: all.map(([root]) => root), at }
}

function isWhole(top: string, { order, at }: ReturnType<typeof walked>): void {
  assert.equal(order.length, 4)
  assert.deepEqual(at.get(top)?.slice(1), [['SUB1', 'SUB2'], ['tmp1']])
  assert.deepEqual(at.get(`${top}/SUB1`)?.slice(1), [['SUB11'], ['tmp2']])
  assert.deepEqual(at.get(`${top}/SUB1/SUB11`)?.slice(1), [[], []])
  isSub2(at.get(`${top}/SUB2`))
}

function isSub2(step: Step | undefined): void {
  assert.deepEqual(
    step?.slice(1).map((names) => [...(names as string[])].sort()),
    [
      ['SUB21', 'link'],
      ['broken_link', 'broken_link2', 'tmp3'],
    ],
  )
}

/** Where each directory comes in the order. */
function comesBefore(order: readonly string[], first: string, second: string): boolean {
  return order.indexOf(first) < order.indexOf(second)
}

function pruned(steps: Iterable<Step>): Step[] {
  const all: Step[] = []
  for (const step of steps) {
    if (step[0].endsWith('SUB21')) continue
    all.push(step)
    const at = step[1].indexOf('SUB1')
    if (at !== -1) step[1].splice(at, 1)
  }
  return all
}

function walkTests(name: string, of: Walk): Record<string, Behaviour[]> {
  return {
    test_walk_topdown: [
      holds(`${name} gives every directory, with the directories and the other files in it`, (here) => {
        const top = tree(here)
        isWhole(top, walked(of(top)))
      }),
      holds(`${name} gives a directory before those in it`, (here) => {
        const top = tree(here)
        const { order } = walked(of(top))
        assert.equal(order[0], top)
        assert.ok(comesBefore(order, `${top}/SUB1`, `${top}/SUB1/SUB11`))
      }),
    ],
    test_walk_prune: [
      holds(`${name} does not go into directories that are taken from its list`, (here) => {
        const top = tree(here)
        const [first, second, ...more] = pruned(of(top))
        assert.deepEqual([first, more], [[top, ['SUB2'], ['tmp1']], []])
        isSub2(second)
      }),
    ],
    test_file_like_path: [
      holds(`${name} takes a path-like object`, (here) => {
        const top = tree(here)
        assert.equal(pruned(of(new FakePath(top))).length, 2)
      }),
    ],
    test_walk_bottom_up: [
      holds(`${name} with topdown false gives the same`, (here) => {
        const top = tree(here)
        isWhole(top, walked(of(top, { topdown: false })))
      }),
      holds(`${name} with topdown false gives a directory after those in it`, (here) => {
        const top = tree(here)
        const { order } = walked(of(top, { topdown: false }))
        assert.equal(order.at(-1), top)
        assert.ok(comesBefore(order, `${top}/SUB1/SUB11`, `${top}/SUB1`))
      }),
    ],
    test_walk_symlink: [
      holds(`${name} follows links to directories with followlinks`, (here) => {
        const top = tree(here)
        const { at } = walked(of(top, { follow_symlinks: true }))
        assert.deepEqual(at.get(`${top}/SUB2/link`)?.slice(1), [[], ['tmp4']])
      }),
    ],
    test_walk_bad_dir: [
      holds(`${name} calls onerror for a directory that has been removed, and skips it`, (here) => {
        const top = tree(here)
        const errors: os.OSError[] = []
        const roots: string[] = []
        for (const [root, directories] of of(top, { onerror: (error) => errors.push(error) })) {
          if (root === top) {
            assert.deepEqual([errors, directories.includes('SUB1')], [[], true])
            os.rename(`${top}/SUB1`, `${top}/SUB1.new`)
          }
          roots.push(root)
        }
        assert.ok(errors.some(({ filename }) => String(filename).includes('SUB1')))
        assert.deepEqual(
          roots.filter((root) => !root.endsWith('SUB21')),
          [top, `${top}/SUB2`],
        )
      }),
      holds(
        `${name} calls onerror for a directory without read permission`,
        (here) => {
          const codes: string[] = []
          for (const _ of of(tree(here), { onerror: ({ code }) => codes.push(code) }));
          assert.deepEqual(codes, ['EACCES'])
        },
        isRoot ? 'root may read them all' : false,
      ),
    ],
  }
}

/** A hundred walks at once of a tree of thirty directories, one in the other. */
function manyAtOnce(of: Walk, topdown: boolean): (here: Here) => void {
  return (here) => {
    const depth = 30
    os.makedirs(here.path(`top${'/d'.repeat(depth)}`))
    const walks = Array.from({ length: 100 }, () => of(here.path('top'), { topdown })[Symbol.iterator]())
    for (let i = 0; i <= depth; i++) {
      const level = topdown ? i : depth - i
      const expected = [here.path(`top${'/d'.repeat(level)}`), level < depth ? ['d'] : [], []]
      for (const one of walks) assert.deepEqual(one.next().value, expected)
    }
  }
}

function manyTests(name: string, of: Walk): Record<string, Behaviour[]> {
  return {
    test_walk_many_open_files: [
      holds(`a hundred of ${name} run interleaved, upwards`, manyAtOnce(of, false)),
      holds(`a hundred of ${name} run interleaved, downwards`, manyAtOnce(of, true)),
    ],
  }
}

const ORDERS = [true, false].flatMap((topdown) =>
  [true, false].map((follow_symlinks) => ({ topdown, follow_symlinks })),
)

function sorted(steps: Iterable<Step>): unknown[] {
  return Array.from(steps, ([root, directories, files]) => [root, directories.sort(), files.sort()]).sort()
}

type OpenStep = readonly [
  root: string | Buffer,
  directories: (string | Buffer)[],
  files: (string | Buffer)[],
  fd: number,
]

/** What `fwalk` alone promises; `top` makes of a path what is walked. */
function fwalkTests(name: string, of: Walk, top: (path: string) => string | Buffer): Record<string, Behaviour[]> {
  return {
    test_compare_to_walk: [
      holds(`${name} gives what walk gives, whatever its options`, (here) => {
        const path = tree(here)
        for (const options of ORDERS) assert.deepEqual(sorted(of(path, options)), sorted(walk(path, options)))
      }),
    ],
    test_dir_fd: [
      holds(`${name} starts from dir_fd`, (here) => {
        tree(here)
        const dir_fd = here.open(here.folder, os.O_RDONLY)
        const roots = Array.from(os.fwalk(top('one') as string, { dir_fd }), ([root]) => os.fsdecode(root))
        assert.deepEqual(roots.filter((root) => !root.endsWith('SUB21')).sort(), [
          'one',
          'one/SUB1',
          'one/SUB1/SUB11',
          'one/SUB2',
        ])
      }),
    ],
    test_yields_correct_dir_fd: [
      holds(`${name} gives descriptors of its directories that are open`, (here) => {
        const path = tree(here)
        for (const options of ORDERS) {
          for (const [root, , , fd] of os.fwalk(top(path) as string, options)) {
            assert.equal(os.path.samestat(os.fstat(fd), os.stat(root)), true)
          }
        }
      }),
      holds(`by which listdir gives what ${name} has given`, (here) => {
        for (const [, directories, files, fd] of os.fwalk(top(tree(here)) as string) as Iterable<OpenStep>) {
          assert.deepEqual(os.listdir(fd).sort(), [...directories, ...files].map((entry) => os.fsdecode(entry)).sort())
        }
      }),
    ],
    test_fd_leak: [
      holds(`${name} leaves no descriptor open`, (here) => {
        const path = top(tree(here)) as string
        const lowest = os.dup(1)
        os.close(lowest)
        for (let i = 0; i < 50; i++) for (const _ of os.fwalk(path));
        assert.equal(here.closed(os.dup(1)), lowest)
      }),
    ],
  }
}

const same = (path: string): string => path
const encoded = (path: string): Buffer => os.fsencode(path)

export const classes: readonly PythonClass[] = [
  conformance('test_os', 'WalkTests', { ...walkTests('walk', walk), ...manyTests('walk', walk) }),
  conformance('test_os', 'FwalkTests', { ...walkTests('fwalk', fwalk), ...fwalkTests('fwalk', fwalk, same) }),
  conformance('test_os', 'BytesWalkTests', {
    ...walkTests('walk of bytes', bytesWalk),
    ...manyTests('walks of bytes', bytesWalk),
  }),
  conformance('test_os', 'BytesFwalkTests', {
    ...walkTests('fwalk of bytes', bytesFwalk),
    ...fwalkTests('fwalk of bytes', bytesFwalk, encoded),
  }),
]
