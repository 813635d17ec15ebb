// An object, read and decided about once, of which the copy can be written. Comes in: the bytes of a DICOM file. Goes out: its
// identity, what was done, and `render`: the file of the copy, byte for byte what `planbank anonymise` makes of it under the
// same key. What cannot be made safe is refused; big endian and deflated data sets are left to the command.

import { Refused, bytesOf, joined, latin, stripped } from "./bytes.js";
import { Header } from "./header.js";
import { TAGS, marks } from "./marks.js";
import { rendered } from "./parts.js";
import { checkBurnedIn, isCompressed, pixelParts } from "./pixels.js";
import { Reader } from "./reading.js";
import { PIXEL_DATA, Walker } from "./walker.js";

const [IMPLICIT, EXPLICIT, UNCOMPRESSED] = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.98"];
const LONG_IN_META = new Set(["OB", "UN", "OW", "UT", "SQ"]);
const [SOP_CLASS, SOP_INSTANCE, STUDY] = [0x00080016, 0x00080018, 0x0020000d];
const [PATIENT_NAME, PATIENT_ID, BIRTH_DATE] = [0x00100010, 0x00100020, 0x00100030];

/** A template: {iod, sopInstanceUid, identity, study, notes, render}. Throws Refused. */
export function templateOf(file, tables) {
  const [syntax, data] = split(file);
  if (![IMPLICIT, EXPLICIT, UNCOMPRESSED].includes(syntax) && !isCompressed(syntax)) {
    throw new Refused("Its transfer syntax is not read here. Use planbank anonymise.");
  }
  const walker = new Walker(data, syntax !== IMPLICIT);
  const header = new Header(walker);
  const uidOf = (tag) => header.text(tag).trim();
  const [sopClass, uid, study] = [uidOf(SOP_CLASS), uidOf(SOP_INSTANCE), uidOf(STUDY)];
  const iod = tables.iodOf(sopClass);
  if (!iod) throw new Refused("Objects of this kind cannot be made safe.");
  if (!uid) throw new Refused("It has no SOP Instance UID.");
  checkBurnedIn(header, iod.name);
  const notes = new Map();
  const scope = { tables, iod, sopInstanceUid: uid, nameOf: (tag) => nameOf(tables, tag), did };
  function did(what, tag = null) {
    const key = `${what}|${tag === null ? "" : nameOf(tables, tag)}`;
    notes.set(key, (notes.get(key) ?? 0) + 1);
  }
  const found = new Reader(walker, scope, new Set([...TAGS, ...PIXEL_DATA])).read();
  for (const [tag, parts] of [...pixelParts(header, syntax), ...marks(tables.json.options, walker.explicit)]) found.set(tag, parts);
  const list = [...found].sort((one, other) => one[0] - other[0]).flatMap(([, parts]) => parts.list);
  const identity = identityOf(header);
  return {
    iod: iod.name, sopInstanceUid: uid, identity, study, notes,
    async render(key, who = identity) {
      const view = { key, patient: await key.patient(who) };
      const [body, own] = await Promise.all([rendered(list, view), key.uid(uid)]);
      return joined([preambleAndMeta(sopClass, own, syntax, tables.json.implementation), body]);
    },
  };
}

const nameOf = (tables, tag) => tables.json.dictionary[tag]?.[2] || `(${tag.toString(16).padStart(8, "0").toUpperCase()})`;

// Transfer syntax and data set of a Part 10 file, or of a bare data set.
function split(file) {
  if (latin(file.subarray(128, 132)) !== "DICM") return bare(file);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let [position, syntax] = [132, ""];
  while (position + 8 <= file.length && view.getUint16(position, true) === 2) {
    const long = LONG_IN_META.has(latin(file.subarray(position + 4, position + 6)));
    const start = position + (long ? 12 : 8);
    if (start > file.length) throw new Refused("Its meta header runs past the end of the file.");
    const length = long ? view.getUint32(start - 4, true) : view.getUint16(start - 2, true);
    if (start + length > file.length) throw new Refused("Its meta header runs past the end of the file.");
    if (view.getUint16(position + 2, true) === 0x10) syntax = stripped(latin(file.subarray(start, start + length)));
    position = start + length;
  }
  if (!syntax) throw new Refused("Its meta header names no transfer syntax.");
  return [syntax, file.subarray(position)];
}

function bare(file) {
  if (file[0] !== 8 || file[1] !== 0) throw new Refused("This is no DICOM file.");
  return [/^[A-Z]{2}$/.test(latin(file.subarray(4, 6))) ? EXPLICIT : IMPLICIT, file];
}

// What its patient is told by: the ID, else name and birth date, else the study.
function identityOf(header) {
  const text = (tag) => {
    if (!header.isSure(tag)) throw new Refused("Its character set is not read here. Use planbank anonymise.");
    return header.text(tag);
  };
  const plain = text(PATIENT_ID).replaceAll("\0", " ").normalize("NFC").split(/\s+/).filter(Boolean).join(" ");
  if (plain) return `id\0${cpr(plain) ?? plain}`;
  const name = text(PATIENT_NAME);
  return name ? `name\0${name}\0${text(BIRTH_DATE)}` : `study\0${header.text(STUDY)}`;
}

// The ten digits of a Danish number, whose first six can be a birthday of any century; null for anything else.
function cpr(plain) {
  const match = /^([0-9]{6})-?([0-9]{4})$/.exec(plain);
  if (!match) return null;
  const [day, month, year] = [0, 2, 4].map((at) => Number(match[1].slice(at, at + 2)));
  const isDay = [1800, 1900, 2000].some((century) => {
    const at = new Date(Date.UTC(century + year, month - 1, day));
    return at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  });
  return isDay ? match[1] + match[2] : null;
}

// Preamble of zeros, prefix and File Meta Information (PS3.10 section 7.1).
function preambleAndMeta(sopClass, sopInstance, syntax, { uid, version }) {
  const element = (number, vr, value, pad = "\0") => {
    const text = value.length % 2 ? value + pad : value;
    const length = text.length;
    const size = vr === "OB" ? `\0\0${le(length, 4)}` : le(length, 2);
    return `\x02\0${le(number, 2)}${vr}${size}${text}`;
  };
  const elements = [
    element(0x0001, "OB", "\0\x01"),
    element(0x0002, "UI", sopClass),
    element(0x0003, "UI", sopInstance),
    element(0x0010, "UI", syntax),
    element(0x0012, "UI", uid),
    element(0x0013, "SH", version, " "),
  ].join("");
  return bytesOf(`${"\0".repeat(128)}DICM${element(0, "UL", le(elements.length, 4))}${elements}`);
}

const le = (number, bytes) => Array.from({ length: bytes }, (_, i) => String.fromCharCode((number >>> (8 * i)) & 255)).join("");
