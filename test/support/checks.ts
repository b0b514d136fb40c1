import { alternativesOf, type Declared } from '../../tools/declarations/functions.ts'

/**
 * What every function of the package must have, beside what harm.ts, signatures.ts and twins.ts ask for. Each of these
 * checks returns what to do about what is missing: nothing, of the package; of functions that tests make up, something.
 */

/** The doc comment: parameters, result, errors, availability, source and example. */
export function commentsIncomplete(functions: readonly Declared[]): string[] {
  return functions.flatMap((one) => {
    const missing = one.comment === '' ? ['a doc comment'] : missingTags(one)
    return missing.map((what) => `${one.name}: give it ${what}, as its neighbours in src/ have`)
  })
}

function missingTags({ comment, isClass, positional, named, text }: Declared): string[] {
  const parameters = isClass ? [] : positional.map(({ name }) => name)
  const options = named.length > 0 && !/@param (options|functions)\b/.test(comment) ? ['options'] : []
  // The comment may be that of another function in this.
  const isElsewhere = /@param (options|functions) (as for|as those of|see) `/.test(comment)
  const unnamed = named.filter(({ name }) => !isElsewhere && !new RegExp(`\\b${name}\\b`).test(comment))
  const hasResult = !isClass && !/\): (asserts |void;|never;)/.test(text)
  return [
    ...parameters
      .filter((name) => !new RegExp(`@param ${name}_?\\b`).test(comment))
      .concat(options)
      .map((name) => `a line "@param ${name}"`),
    ...(options.length > 0 ? [] : unnamed.map(({ name }) => `the option "${name}", in a line of @param`)),
    ...(hasResult && !comment.includes('@returns') ? ['a line "@returns"'] : []),
    ...(isClass || /Availability: |Windows|macOS/.test(comment) ? [] : ['a line "Availability: ..."']),
    ...(isClass || /\bSee\s|@see /.test(comment) ? [] : ['a source: "See name(2); Python, os.name"']),
    ...(comment.includes('@example') ? [] : ['an "@example"']),
  ]
}

/** An example of each of these names behind a front door: `shown` are those that have one. */
export function examplesLacking(door: string, names: readonly string[], shown: ReadonlySet<string>): string[] {
  const where = door === 'osier' ? '' : ` of ${door}`
  return names
    .filter((name) => !shown.has(name))
    .map(
      (name) =>
        `${name}${where}: give its doc comment in src/ an @example, which test/doc_examples.test.ts finds directly above it`,
    )
}

/** The chapter of src/os/index.ts: each name is exported in one. */
export function chaptersLacking(names: readonly string[], inChapters: readonly string[]): string[] {
  const missing = names.filter((name) => !inChapters.includes(name))
  const twice = inChapters.filter((name, index) => inChapters.indexOf(name) !== index)
  return [
    ...missing.map((name) => `${name}: export it in its chapter of src/os/index.ts`),
    ...twice.map((name) => `${name}: leave it in one chapter of src/os/index.ts`),
  ]
}

/** The reason why something is exported though the documents do not name it. */
export function reasonsLacking(
  names: readonly string[],
  documented: ReadonlySet<string>,
  reasons: readonly string[],
): string[] {
  return names
    .filter((name) => !documented.has(name) && !reasons.includes(name))
    .map((name) => `${name}: no document names it; say in extras of test/inventory.test.ts why it is exported`)
}

/** The changelog: it names each function of this package's own, which no document names. */
export function changesUntold(names: readonly string[], changelog: string): string[] {
  return names
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(changelog))
    .map((name) => `${name}: name it in CHANGELOG.md, since no document of Python's does`)
}

/** The sets of src/os/supports.ts: what a function's declaration says of it, and whether it is in the set of that name. */
const supports: Readonly<Record<string, (one: Declared) => boolean>> = {
  supports_dir_fd: ({ named }) => named.some(({ name }) => /^((src|dst)_)?dir_fd$/.test(name)),
  supports_fd: ({ positional: [first] }) => {
    const alternatives = alternativesOf(first?.type ?? '')
    return alternatives.includes('Descriptor') && alternatives.includes('Path')
  },
  // chmod accepts it, but links have no permissions on the usual file systems.
  supports_follow_symlinks: ({ name, named }) =>
    name !== 'chmod' && named.some((option) => option.name === 'follow_symlinks'),
  supports_effective_ids: ({ named }) => named.some(({ name }) => name === 'effective_ids'),
}

/** What the sets of src/os/supports.ts lack, or have without need, by the declarations. */
export function supportsWrong(functions: readonly Declared[], module: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(supports).flatMap(([set, isOfSet]) => {
    const members = module[set] as ReadonlySet<unknown>
    return functions
      .filter((one) => isOfSet(one) !== members.has(module[one.name]))
      .map((one) => `${one.name}: ${isOfSet(one) ? 'put it into' : 'take it out of'} ${set} in src/os/supports.ts`)
  })
}
