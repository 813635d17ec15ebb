// An object is read once, element by element, and each is decided about. What is not named by a rule and not in the IOD, every
// private attribute and every repeating group is left out; sequences are gone through to the last level.

import { KEEP } from "./answers.js";
import { Refused } from "./bytes.js";
import { element as encoded, itemEnd, itemStart, sequenceEnd, sequenceStart } from "./encode.js";
import { Level } from "./level.js";
import { NUMBERED, oneOf, operate } from "./operators.js";
import { Parts } from "./parts.js";
import { PIXEL_DATA } from "./walker.js";

const GONE_THROUGH = new Set(["", "K", "C", "U"]);
const SEEN_AS_ONE = [new Set(["OB", "OW"]), new Set(["US", "SS", "OW"])];
const TRAILING_PADDING = 0xfffcfffc;

export class Reader {
  /** `passed`: tags of the outermost level that are dealt with elsewhere. */
  constructor(walker, scope, passed) {
    Object.assign(this, { walker, scope, passed });
  }

  /** Tag -> parts of the outermost level. */
  read() {
    const level = this.level([0, this.walker.data.length], this.walker.explicit, 0, "ascii", 0);
    const found = new Map();
    for (const [start, element] of level.placed) {
      if (this.passed.has(element.tag)) continue;
      const parts = new Parts(this.walker.data);
      this.element(parts, start, element, level);
      if (parts.list.length) found.set(element.tag, parts);
    }
    return found;
  }

  level(place, explicit, inside, charset, depth) {
    return new Level(this.walker, place, explicit, inside, charset, depth, this.scope.tables);
  }

  // Decide about one element and add what stays of it.
  element(parts, start, element, level) {
    const { scope } = this;
    const { tables, iod } = scope;
    const { tag } = element;
    if (!this.isStandard(tag)) {
      if (tag % 0x10000 && tag !== TRAILING_PADDING) scope.did("private or unknown, removed");
      parts.leaveOut();
      return;
    }
    const kind = iod.typeOf(level.inside, tag);
    const code = tables.action(tag);
    if (tables.vrOf(tag) === "SQ") this.sequence(parts, start, element, level, kind, code);
    else if (!kind && !code && !iod.tags.has(tag)) this.leaveOut(parts, "not in the IOD, removed", tag);
    else if (PIXEL_DATA.has(tag) || element.undefined) this.leaveOut(parts, "not where it belongs, removed", tag);
    else {
      const found = this.found(element, level, kind || (code ? "" : "3"));
      const answer = level.isCodeField(tag) ? level.coded(tag) : operate(found, code);
      this.add(parts, start, element, level, found, answer);
    }
  }

  found(element, level, kind) {
    const { tag } = element;
    const number = tag in NUMBERED ? level.textOf(NUMBERED[tag][1]) : "";
    const value = this.walker.value(element);
    return { tag, vr: this.scope.tables.vrOf(tag), value, kind, charset: level.charset, scope: this.scope, number };
  }

  leaveOut(parts, did, tag) {
    this.scope.did(did, tag);
    parts.leaveOut();
  }

  // Write an answer in the encoding of the copy, which is that of the source.
  add(parts, start, element, level, { tag, vr, value }, answer) {
    const { explicit } = this.walker;
    const written = SEEN_AS_ONE.some((group) => group.has(element.vr) && group.has(vr)) ? element.vr : vr;
    if (answer === null) parts.leaveOut();
    else if (answer === KEEP) {
      const even = (element.end - element.start) % 2 === 0;
      if (even && level.explicit === explicit && (!element.vr || element.vr === written)) parts.keep(start, element.after);
      else parts.add(encoded(tag, written, value, explicit));
    } else if (answer instanceof Uint8Array) parts.add(encoded(tag, written, answer, explicit));
    else parts.slot(tag, written, explicit, answer);
  }

  // A sequence: left out, emptied, or gone through.
  sequence(parts, start, element, level, kind, code) {
    const { tag } = element;
    const { explicit } = this.walker;
    if (!GONE_THROUGH.has(code)) {
      this.withoutItems(parts, tag, oneOf(code, kind));
      return;
    }
    if (element.vr && element.vr !== "SQ" && element.vr !== "UN") {
      throw new Refused(`${this.scope.nameOf(tag)} is a sequence and does not come as one.`);
    }
    const items = this.items(element, level);
    const left = items.filter((item) => item !== null);
    const known = Boolean(kind) || this.scope.iod.tags.has(tag);
    if (!known && !left.some((item) => item.holdsUids)) {
      this.leaveOut(parts, "not in the IOD, removed", tag);
      return;
    }
    const asItCame = level.explicit === explicit && (!element.vr || element.vr === "SQ");
    if (asItCame && !items.some((item) => item === null || item.changed)) parts.keep(start, element.after);
    else if (items.length && !left.length) this.withoutItems(parts, tag, { 1: "D", 2: "Z" }[kind.slice(0, 1)] ?? "X");
    else {
      parts.add(sequenceStart(tag, explicit));
      for (const item of left) {
        parts.add(itemStart());
        parts.extend(item);
        parts.add(itemEnd());
      }
      parts.add(sequenceEnd());
    }
  }

  // X: left out. Z: empty. D: there is no dummy of a sequence that would mean nothing.
  withoutItems(parts, tag, letter) {
    if (letter === "D") throw new Refused(`${this.scope.nameOf(tag)} must be there and cannot be made safe.`);
    if (letter === "X") this.leaveOut(parts, "removed", tag);
    else {
      this.scope.did("emptied", tag);
      parts.add(encoded(tag, "SQ", new Uint8Array(), this.walker.explicit));
    }
  }

  // The parts of each item; null for one that holds a code of somebody's own.
  items(element, outer) {
    return Array.from(this.walker.items(element, outer.depth), (place) => {
      const level = this.level(place, element.explicit, element.tag, outer.charset, outer.depth + 1);
      if (level.isCode && level.meaning === null) {
        this.scope.did("code that is not published, removed", element.tag);
        return null;
      }
      const parts = new Parts(this.walker.data);
      for (const [start, inner] of level.placed) this.element(parts, start, inner, level);
      return parts;
    });
  }

  // Of the dictionary, not private, and neither an overlay nor a curve.
  isStandard(tag) {
    const group = Math.floor(tag / 0x10000);
    const repeating = [0x5000, 0x6000].includes(group & 0xff01);
    return !(group & 1 || group < 8 || repeating) && this.scope.tables.vrOf(tag) !== "";
  }
}
