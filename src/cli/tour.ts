/** Runs the programs of the tour, which stand in a folder of their own beside this one. */
export async function tour(names: readonly string[]): Promise<void> {
  // It reads its command line itself, because it is a program, too: `npm run tour` starts it without this command.
  process.argv.splice(2, process.argv.length, ...names)
  await import(new URL('../tour/run.js', import.meta.url).href)
}
