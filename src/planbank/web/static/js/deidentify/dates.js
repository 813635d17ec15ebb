// Dates shifted by the same whole days in all of a patient's objects, times kept (PS3.15, modified dates).

import { bytesOf, latin, stripped } from "./bytes.js";
import { DIRTY, KEEP } from "./answers.js";
import { isPlain } from "./values.js";

const DATE = /^([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})$/;
const DATE_TIME = /^([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})((?:[0-9]{2}){0,3}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})?))?)?$/;
const DAY = 86_400_000;

export function shiftDates(found) {
  if (found.vr === "TM") return isPlain(found.scope.tables, "TM", found.value) ? KEEP : DIRTY;
  const form = found.vr === "DA" ? DATE : DATE_TIME;
  const parts = latin(found.value).split("\\").map(stripped);
  if (!parts.some(Boolean)) return new Uint8Array();
  const matches = parts.map((part) => form.exec(part));
  if (!matches.every((match) => match && dayOf(match))) return DIRTY;
  found.scope.did("date shifted", found.tag);
  return (view) => bytesOf(matches.map((match) => shift(match, view.patient.days)).join("\\"));
}

// The day as milliseconds, or the first one of a month or year that stands alone; null where there is none.
function dayOf([, year, month = "1", day = "1"]) {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (y <= 100) return null;
  const at = new Date(0);
  at.setUTCFullYear(y, m - 1, d);
  return at.getUTCFullYear() === y && at.getUTCMonth() === m - 1 && at.getUTCDate() === d ? at.getTime() : null;
}

// The date `days` later, to the precision in which it was given.
function shift(match, days) {
  const at = new Date(dayOf(match) + days * DAY);
  const two = (n) => String(n).padStart(2, "0");
  const text = `${String(at.getUTCFullYear()).padStart(4, "0")}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}`;
  const given = [match[1], match[2], match[3]].filter((one) => one !== undefined).length;
  return text.slice(0, [4, 6, 8][given - 1]) + (match[4] ?? "");
}
