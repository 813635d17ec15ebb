// Is a value what its representation says, and nothing else? (PS3.5 section 6.2) Comes in: a VR and the bytes of a value that
// shall be kept. Goes out: whether no text can hide in it.

import { latin, stripped } from "./bytes.js";

const NUMBERS = /^[0-9+\-.eE\\ ]*\0?$/;
const NOT_A_NUMBER = /^[+-]?(?:nan|inf|infinity|1\.#(?:qnan|snan|ind|inf)[0-9]*)$/i;
const TIME = /^(?:[0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]{1,6})?)?)?)? *\0?$/;
const AGE = /^(?:[0-9]{3}[DWMY])? *\0?$/;
const READABLE = /^[ -~]*\0?$/;
const WHOLE = new Set(["US", "SS", "UL", "SL", "UV", "SV", "AT"]);
export const WIDTHS = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, UV: 8, SV: 8, AT: 4 };
const ARRAYS = { OW: 2, OF: 4, OD: 8, OL: 4, OV: 8 };

export const TEXT = new Set(["AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"]);
export const DATES = new Set(["DA", "DT", "TM"]);

/** Whether a value is a number, time, age or listed term of its VR. */
export function isPlain(tables, vr, value) {
  if (vr in WIDTHS) {
    const long = value.length >= (WHOLE.has(vr) ? 8 : 16);
    return value.length % WIDTHS[vr] === 0 && !(long && READABLE.test(latin(value)));
  }
  if (vr in ARRAYS) return value.length % ARRAYS[vr] === 0;
  const text = latin(value);
  const parts = text.split("\\");
  if (vr === "DS" || vr === "IS") return NUMBERS.test(text) || parts.map(stripped).every((one) => NUMBERS.test(one) || NOT_A_NUMBER.test(one));
  if (vr === "CS") return parts.every((one) => tables.isTerm(one));
  if (vr === "TM") return parts.every((one) => TIME.test(one));
  if (vr === "AS") return parts.every((one) => AGE.test(one));
  return false;
}

/** Those of several coded strings that the Standard lists. */
export const knownTerms = (tables, text) => text.split("\\").filter((one) => tables.isTerm(one)).map(stripped);
