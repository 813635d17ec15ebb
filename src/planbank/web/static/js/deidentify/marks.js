// What every copy says of itself: who it is here, and that and how it was de-identified (PS3.15 section E.1.1). Comes in: the
// options of the profile. Goes out: parts by tag of the outermost level.

import { bytesOf, joined } from "./bytes.js";
import { itemEnd, itemStart, sequenceEnd, sequenceStart, textElement } from "./encode.js";
import { Parts } from "./parts.js";

const [NAME, ID, BIRTH_DATE] = [0x00100010, 0x00100020, 0x00100030];
const [REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED] = [0x00120062, 0x00120063, 0x00120064, 0x00280303];
export const TAGS = new Set([NAME, ID, BIRTH_DATE, REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED]);

export function marks(options, explicit) {
  const found = new Map([...TAGS].map((tag) => [tag, new Parts(new Uint8Array())]));
  const patientId = (view) => bytesOf(view.patient.patientId);
  found.get(NAME).slot(NAME, "PN", explicit, patientId);
  found.get(ID).slot(ID, "LO", explicit, patientId);
  found.get(BIRTH_DATE).slot(BIRTH_DATE, "DA", explicit, (view) => bytesOf(view.patient.birthDate));
  found.get(REMOVED).add(textElement(REMOVED, "CS", "YES", explicit));
  found.get(METHOD).add(textElement(METHOD, "LO", options.map(({ meaning }) => meaning).join("\\"), explicit));
  found.get(DATES_MODIFIED).add(textElement(DATES_MODIFIED, "CS", "MODIFIED", explicit));
  const codes = options.flatMap(({ code, meaning }) => [
    itemStart(),
    textElement(0x00080100, "SH", code, explicit),
    textElement(0x00080102, "SH", "DCM", explicit),
    textElement(0x00080104, "LO", meaning, explicit),
    itemEnd(),
  ]);
  found.get(METHOD_CODES).add(joined([sequenceStart(METHOD_CODES, explicit), ...codes, sequenceEnd()]));
  return found;
}
