// Finds the words of vocabulary.js in texts and in code.

import { foreign, identifiers, parts, phrases } from './vocabulary.js'

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

export function identifierFindings({ name, text }) {
  const findings = []
  const code = withoutProse(text)
  for (const { 0: identifier, index } of code.matchAll(/[A-Za-z_$][\w$]*/g)) {
    const listed = identifiers.has(identifier) ? identifier : partsOf(identifier).find((word) => parts.has(word))
    if (listed === undefined || foreign.has(identifier)) continue
    const instead = identifiers.get(listed) ?? parts.get(listed)
    findings.push(`${name}:${lineOf(code, index)}: name "${identifier}"; write ${instead}`)
  }
  return findings
}

/** Phrases match across line ends, in comments too. A phrase alone in quotes is a name, such as that of the user `nobody`. */
const patterns = [...phrases].map(([phrase, instead]) => {
  const words = phrase
    .split(' ')
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('\\s+(?:(?:\\*|//|>)\\s+)?')
  return {
    pattern: new RegExp(`(?<![\\w-])(?!(?<=(['"\`]))${words}\\1)${words}(?![\\w-])`, 'gi'),
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
