import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'
import { chapters } from '../../build/tools/reference/chapters.js'

/** Changes of TypeDoc's output. */
export async function load(/** @type {import('typedoc').Application} */ app) {
  const all = await chapters()
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { signatures = [] } of project.getReflectionsByKind(ReflectionKind.FunctionOrMethod)) {
      shareComment(signatures)
    }
    for (const { title, names } of all) {
      for (const { name } of names) assignChapter(project.getChildByName(['index', name]), title)
    }
    // The specifiers that programs import.
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = module.name === 'index' ? 'osier' : `osier/${module.name}`
    }
  })
}

/** Copies the comment of the first signature of an overloaded function to all signatures, each with its own parameters only:
 * the comment describes arguments by position and by name, and a signature accepts them in one of these forms.
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

/** Lists a name of `os` under its chapter. */
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
