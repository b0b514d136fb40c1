/** Runs the programs of the tour, which are in a folder beside this one. */
export async function tour(names: readonly string[]): Promise<void> {
  // The tour reads `process.argv` itself, because `npm run tour` starts it without this command.
  process.argv.splice(2, process.argv.length, ...names)
  await import(new URL('../tour/run.js', import.meta.url).href)
}
