// A strict walker over encoded data elements, little endian (PS3.5 section 7). Comes in: the bytes of a data set.
// Goes out: one element after the other with the place of its value; lengths are checked before they are used, nesting
// and numbers of items are bounded. What does not fit is refused, never guessed.

import { Refused, latin } from "./bytes.js";

export const UNDEFINED = 0xffffffff;
export const ITEM = 0xfffee000;
export const ITEM_END = 0xfffee00d;
export const SEQUENCE_END = 0xfffee0dd;
export const PIXEL_DATA = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010]);
export const SHORT_VRS = new Set(
  "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split(" "),
);
const MAX_DEPTH = 64;
const MAX_ELEMENTS = 4_000_000;

const wrong = () => new Refused("Its data elements do not add up.");

export class Walker {
  constructor(data, explicit) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.explicit = explicit;
    this.seen = 0;
  }

  *elements(start = 0, end = this.data.length, explicit = this.explicit, depth = 0) {
    let position = start;
    while (position < end) {
      const element = this.read(position, end, explicit, depth);
      if (element.tag === ITEM_END) throw wrong();
      yield element;
      position = element.after;
    }
  }

  // `explicit` of an element: how nested items are encoded; in UN they are implicit VR (PS3.5, 6.2.2).
  read(position, end, explicit, depth) {
    this.count();
    if (position + 8 > end) throw wrong();
    const tag = this.tagAt(position);
    let [vr, start, length] = ["", position + 8, 0];
    if (tag >= 0xfffe0000 && tag <= 0xfffeffff) {
      if (tag !== ITEM_END) throw wrong();
      return { tag, vr, start, end: start, after: start, undefined: false, explicit };
    }
    if (explicit) {
      vr = latin(this.data.subarray(position + 4, position + 6));
      if (SHORT_VRS.has(vr)) length = this.view.getUint16(position + 6, true);
      else {
        if (!/^[A-Z]{2}$/.test(vr) || position + 12 > end) throw wrong();
        start = position + 12;
        length = this.view.getUint32(position + 8, true);
      }
    } else length = this.view.getUint32(position + 4, true);
    const inner = vr === "UN" ? false : explicit;
    if (length === UNDEFINED) {
      const [valueEnd, after] = this.skipItems(start, end, inner, depth);
      return { tag, vr, start, end: valueEnd, after, undefined: true, explicit: inner };
    }
    if (length > end - start) throw wrong();
    return { tag, vr, start, end: start + length, after: start + length, undefined: false, explicit: inner };
  }

  // Where a value of undefined length ends, and where the next element begins.
  skipItems(position, end, explicit, depth) {
    if (depth >= MAX_DEPTH) throw new Refused("More than 64 levels.");
    for (;;) {
      const item = this.item(position, end, explicit, depth);
      if (item.tag === SEQUENCE_END) return [position, item.after];
      position = item.after;
    }
  }

  // Start and end of the items of a sequence, or of the fragments of pixel data.
  *items(element, depth = 0) {
    let position = element.start;
    while (position < element.end) {
      const item = this.item(position, element.end, element.explicit, depth);
      if (item.tag === SEQUENCE_END) return;
      yield [item.start, item.end];
      position = item.after;
    }
  }

  item(position, end, explicit, depth) {
    this.count();
    if (position + 8 > end) throw wrong();
    const tag = this.tagAt(position);
    const length = this.view.getUint32(position + 4, true);
    const start = position + 8;
    if (tag === SEQUENCE_END) return { tag, start, end: start, after: start };
    if (tag !== ITEM) throw wrong();
    if (length !== UNDEFINED) {
      if (length > end - start) throw wrong();
      return { tag, start, end: start + length, after: start + length };
    }
    for (let at = start; ; ) {
      const element = this.read(at, end, explicit, depth + 1);
      if (element.tag === ITEM_END) return { tag, start, end: at, after: element.after };
      at = element.after;
    }
  }

  value(element) {
    return this.data.subarray(element.start, element.end);
  }

  tagAt(position) {
    return this.view.getUint16(position, true) * 0x10000 + this.view.getUint16(position + 2, true);
  }

  count() {
    this.seen += 1;
    if (this.seen > MAX_ELEMENTS) throw new Refused("More than 4,000,000 elements.");
  }
}
