// The outermost attributes of an object, asked for by tag. A value that is absent is "" or null.

import { latin, stripped } from "./bytes.js";
import { characterSet, decoded } from "./text.js";

export class Header {
  constructor(walker) {
    this.walker = walker;
    this.fields = new Map();
    for (const element of walker.elements()) if (!this.fields.has(element.tag)) this.fields.set(element.tag, element);
    this.charset = this.has(0x00080005) ? characterSet(this.raw(0x00080005)) : "ascii";
  }

  raw(tag) {
    const element = this.fields.get(tag);
    return element ? this.walker.value(element) : new Uint8Array();
  }

  has(tag) {
    return this.raw(tag).length > 0;
  }

  /** Text without padding. */
  text(tag) {
    return decoded(this.raw(tag), this.charset).text;
  }

  /** Whether its text could be read for sure. */
  isSure(tag) {
    return decoded(this.raw(tag), this.charset).sure;
  }

  /** The first of whole numbers: US, or text; null where there is none. */
  integer(tag, isText = false) {
    const raw = this.raw(tag);
    if (!isText) return raw.length >= 2 && raw.length % 2 === 0 ? raw[0] + 256 * raw[1] : null;
    const [first] = latin(raw).split("\\").map(stripped);
    return first && Number.isInteger(Number(first)) ? Number(first) : null;
  }
}
