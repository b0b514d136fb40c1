// Words that the standard terms of the field replace, each with what to write instead. Ordinary words are not listed,
// however often they are misused: a reader has to judge those.

/** Names in code, letter for letter. */
export const identifiers = new Map([
  ['Bite', 'HostileError'],
  ['Contents', 'what it holds, such as DirectoryEntries'],
  ['Deed', 'FdOperation'],
  ['Estate', 'ForkSnapshot'],
  ['Family', 'ChildWatcher'],
  ['Found', 'what was found, such as DirEntryType'],
  ['Listed', 'what is listed, such as DirectoryEntries'],
  ['Patience', 'WaitOptions'],
  ['Rest', 'QuiescenceCheck'],
  ['Room', 'what takes the space, such as Block'],
  ['Silence', 'StderrRedirect'],
  ['Specimen', 'TestValue'],
  ['askOwnChildren', 'pollChildren'],
  ['assertBorne', 'assertAllHandled'],
  ['dropSilence', 'closeStderrRedirect'],
  ['goOn', 'resume, with what resumes'],
  ['hardship', 'stress'],
  ['hurt', 'destructive'],
  ['nap', 'sleep, with what ends it'],
  ['openDescriptor', 'nonNegativeFd: it opens nothing'],
  ['openFd', 'rejectAtFdcwd: it opens nothing'],
  ['patient', 'block'],
  ['perform', 'what is done, such as runWhenReady'],
  ['prepareSilence', 'redirectStderr'],
  ['sparedChildren', 'reservedChildren'],
  ['standStill', 'what stops, such as blockSignalsAndLock'],
  ['takeLeave', 'releaseParentState'],
  ['takePatience', 'takeWaitOptions'],
  ['told', 'hooks, with what calls them, such as pollerHooks'],
])

/** Words in names: `heritage` is found in takeHeritage and in NO_HERITAGE. */
export const parts = new Map([
  ['deed', 'operation'],
  ['estate', 'snapshot'],
  ['heritage', 'inherited state'],
  ['patience', 'wait options, timeout'],
  ['somebody', 'the caller, the thread, the process'],
  ['specimen', 'test value'],
  ['zoo', 'hostile values'],
])

/** Names that others have given, and code has to use. */
export const foreign = new Set(['heritageClauses'])

/** In all texts: code, comments, messages and documents. */
export const phrases = new Map([
  ['and its kind', 'the names of the others'],
  ['and kin', 'the names of the others'],
  ['and their kind', 'the names of the others'],
  ['as it is known', '"as expected"'],
  ['for whoever', 'the caller, the user, the program'],
  ['half done', '"incomplete", or what is missing'],
  ['have had their say', 'what has run, such as "the microtasks of the promises"'],
  ['is none of ours', 'what it belongs to'],
  ['let go of', '"release" or "close"'],
  ['lets go of', '"releases" or "closes"'],
  ['nobody', '"no caller", "no thread", "no process"'],
  ["nobody's", '"of no caller", "of no thread", "of no process"'],
  ['of ours', '"our ..." or "osier\'s ..."'],
  ["of koffi's", '"koffi\'s ..."'],
  ["of libuv's", '"libuv\'s ..."'],
  ["of Node's", '"Node\'s ..."'],
  ["of V8's", '"V8\'s ..."'],
  ['pass over', '"skip"'],
  ['passed over', '"skipped"'],
  ['passes over', '"skips"'],
  ['somebody', '"the caller", "a thread", "a process"'],
  ["somebody's", '"the caller\'s", "a thread\'s", "a process\'s"'],
  ['somebody else', '"another caller", "another thread", "another process"'],
  ['tells how', '"returns how" or "reports how"'],
  ['tells what', '"returns what" or "reports what"'],
  ['tells whether', '"returns whether" or "reports whether"'],
  ['tells which', '"returns which" or "reports which"'],
  ['that is none', '"that is not a ..."'],
  ['what is none', '"not a ..."'],
  ['which is none', '"which is not a ..."'],
])
