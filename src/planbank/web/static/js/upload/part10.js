// What an upload has to know of a DICOM file before it leaves: whose it is, what kind, whether it says it was
// de-identified (PS3.10 section 7, PS3.5 section 7). Comes in: bytes. Goes out: facts, or null for no DICOM file.
// Only elements before group 0020 are read; values are never followed beyond their length.

const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const IMPLICIT = "1.2.840.10008.1.2";
const BIG = "1.2.840.10008.1.2.2";
const DEFLATED = /^1\.2\.840\.10008\.1\.2\.(1\.99|4\.95|4\.205)$/;
const WANTED = { 0x00080060: "modality", 0x00100020: "patientId", 0x00120062: "removed" };
const UNDEFINED = 0xffffffff;

const latin = new TextDecoder("latin1");
const text = (bytes, start, end) => latin.decode(bytes.subarray(start, end)).replace(/[\0 ]+$/, "");

/** Facts of a file: {syntax, modality, patientId, removed}, null where it is no DICOM file.
 *  `unread`: it is packed in a way that is not looked into here. */
export function factsOf(bytes) {
  if (bytes.length < 140 || latin.decode(bytes.subarray(128, 132)) !== "DICM") return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { syntax: "", modality: "", patientId: "", removed: "", unread: false };
  let at = 132;
  for (const one of elements(view, bytes, at, true, true, 0x0002)) {
    if (one.tag === 0x00020010) found.syntax = text(bytes, one.start, one.end);
    at = one.end;
  }
  if (DEFLATED.test(found.syntax)) return { ...found, unread: true };
  const explicit = found.syntax !== IMPLICIT;
  for (const one of elements(view, bytes, at, explicit, found.syntax !== BIG, 0x001f)) {
    const name = WANTED[one.tag];
    if (name) found[name] = text(bytes, one.start, one.end);
  }
  return found;
}

/** Elements from a place, as long as their group is not above `last`. */
function* elements(view, bytes, at, explicit, little, last) {
  while (at + 8 <= bytes.length) {
    const group = view.getUint16(at, little);
    if (group > last) return;
    const tag = group * 0x10000 + view.getUint16(at + 2, little);
    const [start, length] = head(view, bytes, at, explicit, little);
    if (start < 0) return;
    const end = length === UNDEFINED ? afterSequence(view, bytes, start, explicit, little) : start + length;
    if (end < 0 || end > bytes.length) return;
    yield { tag, start, end };
    at = end;
  }
}

/** [where a value begins, its length]; [-1, 0] where the bytes stop. */
function head(view, bytes, at, explicit, little) {
  if (!explicit) return [at + 8, view.getUint32(at + 4, little)];
  const vr = latin.decode(bytes.subarray(at + 4, at + 6));
  if (!LONG.has(vr)) return [at + 8, view.getUint16(at + 6, little)];
  return at + 12 <= bytes.length ? [at + 12, view.getUint32(at + 8, little)] : [-1, 0];
}

/** The place after a sequence of undefined length; -1 where it does not end. */
function afterSequence(view, bytes, at, explicit, little, depth = 0) {
  while (depth < 64 && at + 8 <= bytes.length) {
    const [group, number] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    const length = view.getUint32(at + 4, little);
    at += 8;
    if (group !== 0xfffe) return -1;
    if (number === 0xe0dd) return at;
    if (length !== UNDEFINED) at += length;
    else at = afterItem(view, bytes, at, explicit, little, depth);
    if (at < 0) return -1;
  }
  return -1;
}

function afterItem(view, bytes, at, explicit, little, depth) {
  while (at + 8 <= bytes.length) {
    if (view.getUint16(at, little) === 0xfffe) return view.getUint16(at + 2, little) === 0xe00d ? at + 8 : -1;
    const [start, length] = head(view, bytes, at, explicit, little);
    if (start < 0) return -1;
    at = length === UNDEFINED ? afterSequence(view, bytes, start, explicit, little, depth + 1) : start + length;
    if (at < 0) return -1;
  }
  return -1;
}
