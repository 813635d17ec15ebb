// An object as a list of parts: bytes that are the same in all copies, and slots whose value is made for the copy. Sequences
// that change are written with undefined length, so that no length depends on a copy.

import { joined } from "./bytes.js";
import { element } from "./encode.js";

export class Parts {
  constructor(source) {
    this.source = source;
    this.list = [];
    this.changed = false;
    this.holdsUids = false;
  }

  /** Bytes of the source as they are. */
  keep(start, end) {
    if (end > start) this.list.push(this.source.subarray(start, end));
  }

  add(bytes) {
    this.list.push(bytes);
    this.changed = true;
  }

  /** An element of which each copy has its own. */
  slot(tag, vr, explicit, value) {
    this.list.push({ tag, vr, explicit, value });
    this.changed = true;
    this.holdsUids ||= vr === "UI";
  }

  leaveOut() {
    this.changed = true;
  }

  /** The parts of an item. */
  extend(inner) {
    for (const one of inner.list) this.list.push(one);
    this.holdsUids ||= inner.holdsUids;
  }
}

/** The data set of one copy. */
export async function rendered(list, view) {
  const pieces = list.map(async (part) => {
    if (part instanceof Uint8Array) return part;
    return element(part.tag, part.vr, await part.value(view), part.explicit);
  });
  return joined(await Promise.all(pieces));
}
