// What is decided about an element: KEEP (the bytes as they are), null (left out), bytes (the new value), or a function of
// the copy that gives them. DIRTY: the text cannot stay and has no name of ours; what the Basic Profile says holds.

export const KEEP = Symbol("as it is");
export const DIRTY = Symbol("dirty");
