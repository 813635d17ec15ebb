// Data elements as bytes, little endian (PS3.5 section 7.1). Comes in: tag, VR, value. Goes out: the encoded element, of
// even length. `explicit`: whether the VR is written.

import { bytesOf, joined } from "./bytes.js";
import { ITEM, ITEM_END, SEQUENCE_END, SHORT_VRS, UNDEFINED } from "./walker.js";

const TEXT_PADDED = new Set("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT".split(" "));

function head(tag, vr, length, explicit) {
  const isShort = explicit && SHORT_VRS.has(vr) && length <= 0xffff;
  const view = new DataView(new ArrayBuffer(explicit && !isShort ? 12 : 8));
  view.setUint16(0, Math.floor(tag / 0x10000), true);
  view.setUint16(2, tag % 0x10000, true);
  if (!explicit) view.setUint32(4, length, true);
  else {
    const written = !isShort && SHORT_VRS.has(vr) ? "UN" : vr; // a length that a short VR cannot say
    view.setUint8(4, written.charCodeAt(0));
    view.setUint8(5, written.charCodeAt(1));
    if (isShort) view.setUint16(6, length, true);
    else view.setUint32(8, length, true);
  }
  return new Uint8Array(view.buffer);
}

/** A whole element, padded by the rule of its VR. */
export function element(tag, vr, value, explicit) {
  const pad = value.length % 2 ? [TEXT_PADDED.has(vr) ? Uint8Array.of(32) : Uint8Array.of(0)] : [];
  return joined([head(tag, vr, value.length + pad.length, explicit), value, ...pad]);
}

export const textElement = (tag, vr, text, explicit) => element(tag, vr, bytesOf(text), explicit);
export const sequenceStart = (tag, explicit) => head(tag, "SQ", UNDEFINED, explicit);
export const itemStart = () => head(ITEM, "", UNDEFINED, false);
export const itemEnd = () => head(ITEM_END, "", 0, false);
export const sequenceEnd = () => head(SEQUENCE_END, "", 0, false);
