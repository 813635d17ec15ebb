// What is seen, as a query of the address and back: numbers and short words only. Whose plan it is stands
// in none of them; ROIs by their number, images and doses by the bundle's own keys.
import { flat, rulersOf } from "./rulers.js";

const LIST = /^\d+(\.\d+)*$/;
const KEY = /^[a-z]\d+$/;

// State -> query; what is as at the start is left out.
export function toQuery(state) {
  const query = new URLSearchParams();
  const put = (name, value) => value !== null && value !== undefined && value !== "" && query.set(name, value);
  put("with", state.with);
  put("audit", state.audit);
  put("image", state.image);
  put("at", state.at ? state.at.map((mm) => round(mm, 2)).join("_") : null);
  put("window", state.window ? `${round(state.window.centre, 1)}_${round(state.window.width, 1)}` : null);
  put("levels", state.levels === "own" ? `own_${(state.own ?? []).join("_")}` : state.levels);
  put("off", state.off?.length ? state.off.join("_") : null);
  put("hidden", state.hidden?.length ? compact(state.hidden) : null);
  put("roi", state.roi);
  put("dose", state.dose);
  put("second", state.second);
  for (const name of ["wash", "beams", "difference"]) if (state[name]) query.set(name, "1");
  for (const name of ["lines", "structures"]) if (state[name] === false) query.set(name, "0");
  put("rulers", state.rulers?.length ? flat(state.rulers).map((mm) => round(mm, 2)).join("_") : null);
  put("zoom", state.zoom && Math.abs(state.zoom - 1) > 0.005 ? round(state.zoom, 2) : null);
  return query.toString();
}

const round = (value, digits) => String(Number(value.toFixed(digits)));

// Numbers 1, 2, 3, 7 -> '1-3.7'.
export function compact(numbers) {
  const rising = [...new Set(numbers)].sort((a, b) => a - b);
  const runs = [];
  for (const n of rising) {
    const run = runs[runs.length - 1];
    if (run && run[1] === n - 1) run[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(".");
}

export function expand(text) {
  return text.split(".").flatMap((run) => {
    const [a, b] = run.split("-").map(Number);
    if (!Number.isInteger(a) || (b !== undefined && !(b >= a && b - a < 10000))) return [];
    return b === undefined ? [a] : Array.from({ length: b - a + 1 }, (_, i) => a + i);
  });
}

// Query -> state; whatever does not fit counts as not said.
export function fromQuery(text) {
  const query = new URLSearchParams(text);
  const numbers = (name, count) => {
    const found = (query.get(name) ?? "").split("_").map(Number);
    return query.get(name) && found.every(Number.isFinite) && (!count || found.length === count) ? found : null;
  };
  const word = (name, pattern) => (pattern.test(query.get(name) ?? "") ? query.get(name) : null);
  const window = numbers("window", 2);
  const levels = query.get("levels") ?? "";
  const own = levels.startsWith("own_") ? levels.slice(4).split("_").map(Number).filter((gy) => gy > 0) : [];
  return {
    with: word("with", /^\d{1,12}$/),
    audit: word("audit", /^\d{1,12}$/),
    image: word("image", KEY),
    at: numbers("at", 3),
    window: window && window[1] > 0 ? { centre: window[0], width: window[1] } : null,
    levels: own.length ? "own" : word("levels", /^(auto|prescription)$/),
    own,
    off: numbers("off") ?? [],
    hidden: query.get("hidden") ? expand(query.get("hidden")) : [],
    roi: word("roi", LIST) === null ? null : Number(query.get("roi")),
    dose: word("dose", KEY),
    second: word("second", KEY),
    wash: query.get("wash") === "1",
    beams: query.get("beams") === "1",
    difference: query.get("difference") === "1",
    lines: query.get("lines") !== "0",
    structures: query.get("structures") !== "0",
    rulers: rulersOf(numbers("rulers")),
    finding: word("finding", /^[a-z-]{1,64}$/),
    zoom: numbers("zoom", 1)?.[0] ?? 1,
  };
}
