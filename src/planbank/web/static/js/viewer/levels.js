// Isodose levels: which, in which colour and dash. Colours and dashes are those of the house's guide:
// neighbours differ under deutan, protan and tritan sight, and no two neighbours share a dash.

// From low to high: share of the prescription, colour, dash in CSS px, width in CSS px.
export const SCALE = [
  { part: 0.05, colour: "#6fe0f2", dash: [1, 4], width: 1.35 },
  { part: 0.1, colour: "#5a8dff", dash: [2, 3], width: 1.35 },
  { part: 0.25, colour: "#8f52e0", dash: [4, 3], width: 1.35 },
  { part: 0.5, colour: "#c22d86", dash: [9, 3, 2, 3], width: 1.35 },
  { part: 0.8, colour: "#e2553f", dash: [6, 3], width: 1.35 },
  { part: 0.95, colour: "#f58f1f", dash: [12, 3], width: 1.35 },
  { part: 1, colour: "#fdd23a", dash: [], width: 2.3 },
  { part: 1.07, colour: "#fff7b8", dash: [], width: 1.35 },
];
const DASHES = [[], [12, 3], [6, 3], [9, 3, 2, 3], [4, 3], [2, 3], [1, 4]];
export const STEPS = 13;

// Equal steps below the highest dose, which itself has no line (Figure 6 of the paper).
export function autoLevels(highest, steps = STEPS) {
  if (!(highest > 0)) return [];
  return Array.from({ length: steps }, (_, i) => Math.round((highest * (i + 1) * 1000) / (steps + 1)) / 1000);
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

// The scale's colour at 0 (low) to 1 (high), as [red, green, blue].
export function colourAt(part) {
  const place = Math.min(Math.max(part, 0), 1) * (SCALE.length - 1);
  const low = Math.min(Math.floor(place), SCALE.length - 2);
  const [a, b] = [rgb(SCALE[low].colour), rgb(SCALE[low + 1].colour)];
  return a.map((from, i) => Math.round(from + (place - low) * (b[i] - from)));
}

const hex = (colour) => `#${colour.map((n) => n.toString(16).padStart(2, "0")).join("")}`;

// Levels in Gy -> lines {gy, percent, colour, dash, width}, highest first. Those of the scale keep its look
// where all of them are shares of the prescription that it knows.
export function linesOf(levels, prescription) {
  const ordered = rising(levels.filter((gy) => gy > 0));
  const known = (gy) => SCALE.find((one) => prescription && Math.abs(gy / prescription - one.part) < 5e-4);
  const all = ordered.length > 0 && ordered.every(known);
  const lines = ordered.map((gy, i) => {
    const percent = prescription ? (100 * gy) / prescription : null;
    if (all) {
      const { colour, dash, width } = known(gy);
      return { gy, percent, colour, dash, width };
    }
    const colour = hex(colourAt(ordered.length > 1 ? i / (ordered.length - 1) : 1));
    return { gy, percent, colour, dash: DASHES[(ordered.length - 1 - i) % DASHES.length], width: 1.35 };
  });
  return lines.reverse();
}

const MOST = 30; // as many as the bank keeps
const HIGHEST = 1000; // Gy or %, as the bank keeps them

const thousandths = (number) => Math.round(number * 1000) / 1000;
const rising = (values) => [...new Set(values)].sort((a, b) => a - b);

// What somebody typed, '20; 38.05 95%' -> {levels, given, wrong}: Gy to draw; {values, unit} to keep, in % where all
// were given in %, so that they follow the prescription of the next plan; and the words that are no level.
export function parseLevels(text, prescription) {
  const levels = [];
  const shares = [];
  const wrong = [];
  const words = text.replace(/(\d)\s+(%|gy)/gi, "$1$2").split(/[;\s]+/).filter(Boolean);
  for (const word of words) {
    const found = /^(\d+(?:[.,]\d+)?)(%|gy)?,?$/i.exec(word);
    const number = found ? Number(found[1].replace(",", ".")) : 0;
    const isShare = found?.[2] === "%";
    const gy = isShare ? (prescription ? (number * prescription) / 100 : 0) : number;
    if (gy > 0 && gy <= HIGHEST && number <= HIGHEST && levels.length < MOST) {
      levels.push(thousandths(gy));
      if (isShare) shares.push(thousandths(number));
    } else wrong.push(word);
  }
  const inGy = rising(levels);
  const given = levels.length && shares.length === levels.length ? { values: rising(shares), unit: "%" } : { values: inGy, unit: "Gy" };
  return { levels: inGy, given, wrong };
}

// Own levels as their owner gave them, for the field to change them in: '50%; 95%'.
export const typed = ({ values, unit }) => values.map((value) => (unit === "%" ? `${value}%` : value)).join("; ");

// Colour wash: 256 RGBA words from `low` to `high` Gy.
export function washTable(alpha = 95) {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [red, green, blue] = colourAt(i / 255);
    return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

// Dose difference: blue where it is lower, orange where it is higher, clear where it is the same.
export function differenceTable() {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const part = (i - 127.5) / 127.5;
    const alpha = Math.round(Math.min(Math.abs(part) * 1.6, 1) * 190);
    const [red, green, blue] = part < 0 ? [90, 141, 255] : [245, 143, 31];
    return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
