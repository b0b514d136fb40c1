// Finds the words of vocabulary.js in texts and in code.

import { foreign, identifiers, inUse, parts, phrases } from './vocabulary.js'

const COMMENTS_AND_STRINGS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:!&|?;[]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/g

/** The code alone: comments, strings and regular expressions become blanks, and lines keep their numbers. */
function withoutProse(text) {
  return text.replaceAll(COMMENTS_AND_STRINGS, (prose) => prose.replaceAll(/[^\n]/g, ' '))
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length
}

/** The words that an identifier is made of, in small letters: `heap`, `size` of heapSize, HeapSize and HEAP_SIZE. */
function partsOf(identifier) {
  return identifier
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_')
}

/** @param isWhole whether the names of `inUse` are found as well */
export function identifierFindings({ name, text }, isWhole) {
  const findings = []
  const code = withoutProse(text)
  for (const { 0: identifier, index } of code.matchAll(/[A-Za-z_$][\w$]*/g)) {
    const listed = identifiers.has(identifier) ? identifier : partsOf(identifier).find((word) => parts.has(word))
    if (listed === undefined || foreign.has(identifier) || (!isWhole && inUse.has(listed))) continue
    const instead = identifiers.get(listed) ?? parts.get(listed)
    findings.push(`${name}:${lineOf(code, index)}: name "${identifier}"; write ${instead}`)
  }
  return findings
}

/** Phrases match over the ends of lines too, also where a comment goes on. */
const patterns = [...phrases].map(([phrase, instead]) => {
  const words = phrase.split(' ').map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return {
    pattern: new RegExp(`(?<![\\w-])${words.join('\\s+(?:(?:\\*|//|>)\\s+)?')}(?![\\w-])`, 'gi'),
    phrase,
    instead,
  }
})

export function phraseFindings({ name, text }) {
  return patterns.flatMap(({ pattern, phrase, instead }) =>
    Array.from(
      text.matchAll(pattern),
      ({ index }) => `${name}:${lineOf(text, index)}: phrase "${phrase}"; write ${instead}`,
    ),
  )
}
