// What is done to an element, by the action of PS3.15 table E.1-1a. Comes in: an element and its code. Goes out: an answer.
// Where the code leaves a choice, or would leave the object without what it must have, the type of the attribute decides:
// type 1 gets a dummy, type 2 is emptied, type 3 is left out.

import { DIRTY, KEEP } from "./answers.js";
import { Refused, bytesOf, latin, stripped } from "./bytes.js";
import { shiftDates } from "./dates.js";
import { decoded } from "./text.js";
import { DATES, TEXT, WIDTHS, isPlain, knownTerms } from "./values.js";

const BY_TYPE = { 1: "D", 2: "Z", 3: "X" };
const RESCALE_TYPE = 0x00281054;
const RESCALE_TYPES = new Set("HU OD US MGML Z_EFF ED EDW HU_MOD PCT SUV".split(" "));
const BEAM_NAME = 0x300a00c2;
const HARMLESS = /^(?:[0-9]{1,3}(?:\.[0-9]{1,2})?|IN|OUT)? *\0?$/;
export const NUMBERED = { 0x30060026: ["ROI", 0x30060022], 0x300a00c2: ["BEAM", 0x300a00c0] };
const LABELS = { 0x30060002: "STRUCT", 0x300a0002: "PLAN" };
const DUMMIES = {
  DA: "19000101", TM: "000000", DT: "19000101000000", AS: "000D", DS: "0", IS: "0",
  US: "\0\0", UL: "\0\0\0\0", FL: "\0\0\0\0", FD: "\0\0\0\0\0\0\0\0",
};
const SUBJECT_IDS = new Set([0x00120040, 0x00120042]);
const IMAGE_TYPE = 0x00080008;
const LISTS = new Set([0x00180020, 0x00180021, 0x00180022, 0x00280051]);
const CONTENT_LABEL = 0x00700080;
const ARRAYS_IN_US = new Set([0x00281101, 0x00281102, 0x00281103, 0x00283006]);

export function operate(found, code) {
  if (!code) return unnamed(found);
  if (code === "K" || code === "U") return OPERATORS[code](found);
  if (code !== "C") return OPERATORS[oneOf(code, found.kind)](found);
  const answer = DATES.has(found.vr) ? shiftDates(found) : clean(found);
  return answer === DIRTY ? OPERATORS[oneOf(found.scope.tables.basic(found.tag), found.kind)](found) : answer;
}

/** The one letter of a code such as X/Z/D that holds for an attribute of this type. */
export function oneOf(code, kind) {
  const letters = code.split("/");
  const wanted = BY_TYPE[kind.slice(0, 1)];
  if (wanted === undefined) return "X";
  if (wanted === "D" || letters.includes(wanted)) return wanted;
  if (wanted === "Z") return code === "D" ? "D" : "Z";
  return letters.includes("Z") ? "Z" : letters[0];
}

// What no row names: UIDs are replaced, dates shifted, numbers kept, text not.
function unnamed(found) {
  let answer = DIRTY;
  if (found.vr === "UI") return replaceUid(found);
  if (DATES.has(found.vr)) answer = shiftDates(found);
  else if (found.tag === BEAM_NAME) answer = clean(found);
  else if (isHarmless(found)) return bytesOf(stripped(latin(found.value)));
  else if (!TEXT.has(found.vr)) return keep(found);
  return answer === DIRTY ? OPERATORS[oneOf("X/Z/D", found.kind)](found) : answer;
}

function isHarmless(found) {
  if (found.tag === RESCALE_TYPE) return RESCALE_TYPES.has(stripped(latin(found.value)));
  return TEXT.has(found.vr) && HARMLESS.test(latin(found.value));
}

// C: text stays where it tells of nobody.
function clean(found) {
  if (!TEXT.has(found.vr)) return DIRTY;
  if (isClean(found)) return KEEP;
  if (found.tag in NUMBERED) {
    found.scope.did("name replaced", found.tag);
    return numbered(found);
  }
  if (!(found.tag in LABELS)) return DIRTY;
  found.scope.did("name replaced", found.tag);
  const uid = found.scope.sopInstanceUid;
  return async (view) => bytesOf(`${LABELS[found.tag]}-${await view.key.tell("label", uid, 6)}`);
}

function isClean({ value, charset, scope }) {
  const { text, sure } = decoded(value, charset);
  if (!sure || text.includes("\0") || text.includes("\x1b")) return false;
  return text.split("\\").every((part) => scope.tables.allows(part));
}

// 'ROI 3', 'BEAM 2'. A number that is none gives way to letters made from the name.
function numbered(found) {
  const [word] = NUMBERED[found.tag];
  if (/^[0-9]{1,6}$/.test(found.number)) return bytesOf(`${word} ${found.number}`);
  const name = latin(found.value);
  return async (view) => bytesOf(`${word} ${await view.key.tell("name", name, 4)}`);
}

// D: a value that means nothing and is valid for its VR.
function dummy(found) {
  found.scope.did("replaced by a dummy", found.tag);
  if (found.vr === "UI") return replaceUid(found);
  if (SUBJECT_IDS.has(found.tag)) return (view) => bytesOf(view.patient.patientId);
  const value = TEXT.has(found.vr) ? "ANONYMISED" : DUMMIES[found.vr];
  if (value === undefined) throw new Refused("It needs a value of which no dummy can be made.");
  return bytesOf(value);
}

// Z: the attribute stays, its value does not.
function empty(found) {
  if (found.value.length) found.scope.did("emptied", found.tag);
  return new Uint8Array();
}

// X: the attribute is left out.
function remove(found) {
  found.scope.did("removed", found.tag);
  return null;
}

// K: numbers, times, ages and terms of the Standard; nothing else.
function keep(found) {
  const { scope, tag, vr, value } = found;
  if (isPlain(scope.tables, vr, value) && isAsLongAsItMay(found)) return KEEP;
  const text = latin(value);
  const known = knownTerms(scope.tables, text);
  if (tag === IMAGE_TYPE) {
    const first = text.split("\\").map(stripped).slice(0, 2);
    if (known.length < 2 || known[0] !== first[0] || known[1] !== first[1]) return notPlain(found);
    scope.did("words of a vendor left out", tag);
    return bytesOf(known.join("\\"));
  }
  if (LISTS.has(tag) && known.length) {
    scope.did("words of a vendor left out", tag);
    return bytesOf(known.join("\\"));
  }
  if (tag === CONTENT_LABEL) {
    scope.did("replaced by a dummy", tag);
    return bytesOf("COPY");
  }
  return notPlain(found);
}

// A binary number with more values than the dictionary allows may hold text.
function isAsLongAsItMay({ scope, tag, vr, value }) {
  const [width, most] = [WIDTHS[vr], scope.tables.mostOf(tag)];
  return !width || !most || ARRAYS_IN_US.has(tag) || value.length <= width * most;
}

function notPlain(found) {
  if (found.kind.startsWith("1")) {
    throw new Refused(`${found.scope.nameOf(found.tag)} holds what the Standard does not list there, and it must be there.`);
  }
  found.scope.did("not what its VR says, left out", found.tag);
  return found.kind.startsWith("2") ? new Uint8Array() : null;
}

// U: a UID gives way to the one that stands for it in the copy.
function replaceUid(found) {
  const { tables } = found.scope;
  const text = latin(found.value);
  const uids = text.split("\\").map((part) => part.replace(/^[ \0\t\r\n]+|[ \0\t\r\n]+$/g, ""));
  const own = (uid) => !uid || tables.uids.has(uid);
  if (uids.every(own)) return text.replace(/\0+$/, "") === uids.join("\\") ? KEEP : bytesOf(uids.join("\\"));
  found.scope.did("UID replaced", found.tag);
  return async (view) => bytesOf((await Promise.all(uids.map((uid) => (own(uid) ? uid : view.key.uid(uid))))).join("\\"));
}

const OPERATORS = { C: clean, D: dummy, Z: empty, K: keep, X: remove, U: replaceUid };
