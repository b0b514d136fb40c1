import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'
import { chapters } from '../../build/tools/reference/chapters.js'

/** What TypeDoc is to do otherwise. */
export async function load(/** @type {import('typedoc').Application} */ app) {
  const all = await chapters()
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { signatures = [] } of project.getReflectionsByKind(ReflectionKind.FunctionOrMethod)) {
      shareComment(signatures)
    }
    for (const { title, names } of all) {
      for (const { name } of names) assignChapter(project.getChildByName(['index', name]), title)
    }
    // As programs import them.
    for (const door of project.getReflectionsByKind(ReflectionKind.Module)) {
      door.name = door.name === 'index' ? 'osier' : `osier/${door.name}`
    }
  })
}

/**
 * Gives every signature of an overloaded function the comment that stands above the first, each with the parameters that
 * it has: a comment describes the arguments by position and by name, and a signature takes them in one of the two ways.
 */
function shareComment(/** @type {import('typedoc').SignatureReflection[]} */ signatures) {
  const { comment } = signatures.find((signature) => signature.comment !== undefined) ?? {}
  for (const signature of signatures) {
    signature.comment ??= comment?.clone()
    if (signature.comment === undefined) continue
    const names = new Set(signature.parameters?.map(({ name }) => name))
    signature.comment.blockTags = signature.comment.blockTags.filter(
      ({ tag, name }) => tag !== '@param' || name === undefined || names.has(name),
    )
  }
}

/** Has the page of `os` list a name under its chapter. */
function assignChapter(
  /** @type {import('typedoc').Reflection | undefined} */ reflection,
  /** @type {string} */ title,
) {
  for (const documented of reflection?.signatures ?? [reflection]) {
    if (documented === undefined) continue
    documented.comment ??= new Comment()
    documented.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: title }]))
  }
}
