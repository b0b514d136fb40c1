/**
 * Whether this process runs a test file. Node gives its `--import` options to the children of `child_process.fork` too,
 * which are programs of the tests.
 */
export function isTestProcess(): boolean {
  return /\.test\.js$|\bone_file\.js$/.test(process.argv[1] ?? '')
}
