// Text by Specific Character Set (PS3.5 section 6.1): ASCII, Latin 1 and UTF-8. Comes in: bytes and the declared set. Goes out:
// {text, sure}; what is written in any other set is not sure, and so is never kept as a name.

import { isAscii, latin, stripped } from "./bytes.js";

/** The set behind a value of Specific Character Set: "ascii", "latin", "utf8" or "other". */
export function characterSet(value) {
  const terms = latin(value).split("\\").map(stripped);
  if (terms.length > 1) return "other";
  const name = terms[0].toUpperCase().replace(/[\s_]+/g, " ");
  return { "": "ascii", "ISO IR 6": "ascii", "ISO IR 100": "latin", "ISO IR 192": "utf8" }[name] ?? "other";
}

export function decoded(value, set) {
  const plain = latin(value);
  if (isAscii(plain) && !plain.includes("\x1b")) return { text: stripped(plain), sure: true };
  if (set === "latin" && !plain.includes("\x1b")) return { text: stripped(plain), sure: true };
  if (set === "utf8") {
    try {
      return { text: stripped(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value)), sure: true };
    } catch {
      return { text: stripped(plain), sure: false };
    }
  }
  return { text: stripped(plain), sure: false };
}
