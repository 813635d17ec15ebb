// Comments in JPEG streams, where cameras and programs write what they like. Comes in: a fragment of encapsulated pixels.
// Goes out: the same object where it has no comment, else the bytes with the words of comments and application data
// overwritten by zeros (ISO/IEC 10918-1 annex B, 14495-1 annex C, 15444-1 annex A).

import { Refused, latin } from "./bytes.js";

const NEEDED = ["JFIF\0", "Adobe", "mrfx", "SPIFF\0"];
const KINDS = { "\xff\xd8": { scan: 0xda, comment: 0xfe, lead: 0 }, "\xff\x4f": { scan: 0x93, comment: 0x64, lead: 2 } };
const wrong = () => new Refused("The segments of its compressed pixels do not add up.");

export function withoutComments(fragment) {
  const start = latin(fragment.subarray(0, 2));
  const kind = KINDS[start];
  if (!kind) return fragment;
  const found = segments(fragment, start, kind).filter(([from, to]) => fragment.subarray(from, to).some(Boolean));
  checkTail(fragment);
  if (!found.length) return fragment;
  const out = fragment.slice();
  for (const [from, to] of found) out.fill(0, from, to);
  return out;
}

// Places of the words of comments and application data, up to the first scan.
function segments(fragment, start, { scan, comment, lead }) {
  const found = [];
  let position = 2;
  while (position + 4 <= fragment.length) {
    if (fragment[position] !== 0xff) throw wrong();
    const marker = fragment[position + 1];
    if (marker === 0xff) {
      position += 1;
      continue;
    }
    if (marker === scan) break;
    const length = fragment[position + 2] * 256 + fragment[position + 3];
    const [begin, end] = [position + 4, position + 2 + length];
    if (length < 2 || end > fragment.length) throw wrong();
    const words = latin(fragment.subarray(begin, Math.min(end, begin + 8)));
    const application = start === "\xff\xd8" && marker >= 0xe0 && marker <= 0xef;
    if (marker === comment || (application && !NEEDED.some((one) => words.startsWith(one)))) found.push([begin + lead, end]);
    position = end;
  }
  return found;
}

// After the end of the picture nothing but padding may come.
function checkTail(fragment) {
  for (let at = fragment.length - 2; at >= 0; at -= 1) {
    if (fragment[at] !== 0xff || fragment[at + 1] !== 0xd9) continue;
    if (fragment.subarray(at + 2).some((one) => one !== 0 && one !== 0xff)) {
      throw new Refused("Something follows the end of its compressed pixels.");
    }
    return;
  }
}
