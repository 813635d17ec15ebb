// One level of an object: the data set itself, or one item of a sequence. Goes out: its elements in ascending order, the
// character set that holds here, and whether it is a coded entry (PS3.3 section 8.8).

import { Refused, bytesOf, latin, stripped } from "./bytes.js";
import { characterSet } from "./text.js";

const CHARACTER_SET = 0x00080005;
const [CODE_VALUE, SCHEME, MEANING] = [0x00080100, 0x00080102, 0x00080104];
const [LONG_CODE_VALUE, URN_CODE_VALUE] = [0x00080119, 0x00080120];
const BESIDES = new Set([
  0x00080103, 0x00080105, 0x00080106, 0x00080107, 0x0008010b, 0x0008010d, 0x0008010f, 0x00080117, 0x00080118, 0x00080122,
]);
const VALUES = new Set([CODE_VALUE, LONG_CODE_VALUE, URN_CODE_VALUE]);
const FIELDS = new Set([...VALUES, SCHEME, MEANING, ...BESIDES]);

export class Level {
  constructor(walker, [start, end], explicit, inside, charset, depth, tables) {
    Object.assign(this, { walker, explicit, inside, charset, depth, tables, placed: [] });
    let position = start;
    for (const element of walker.elements(start, end, explicit, depth)) {
      this.placed.push([position, element]);
      position = element.after;
    }
    this.placed.sort((one, other) => one[1].tag - other[1].tag);
    for (let i = 1; i < this.placed.length; i += 1) {
      if (this.placed[i][1].tag === this.placed[i - 1][1].tag) {
        throw new Refused("An attribute comes twice; which one holds cannot be told.");
      }
    }
    const own = this.placed.slice(0, 4).find(([, element]) => element.tag === CHARACTER_SET);
    if (own) this.charset = characterSet(walker.value(own[1]));
    this.isCode = this.placed.slice(0, 8).some(([, element]) => VALUES.has(element.tag));
  }

  /** The value behind a tag, without padding; empty where it is absent. */
  textOf(tag) {
    const found = this.placed.find(([, element]) => element.tag === tag);
    return found ? stripped(latin(this.walker.value(found[1]))) : "";
  }

  isCodeField(tag) {
    return this.isCode && FIELDS.has(tag);
  }

  /** The published meaning of the coded entry; null for a code of somebody's own. */
  get meaning() {
    return this.tables.meaningOf(this.textOf(SCHEME), this.textOf(CODE_VALUE) || this.textOf(LONG_CODE_VALUE));
  }

  /** A field of a published code, written anew; where the code was taken from is left out. */
  coded(tag) {
    if (tag === MEANING) return bytesOf(this.meaning ?? "");
    if (BESIDES.has(tag) || tag === URN_CODE_VALUE) return null;
    return bytesOf(this.textOf(tag));
  }
}
