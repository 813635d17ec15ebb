// Which key does what. Pure: an event's numbers in, an act out; null where the key is somebody else's.

const ACTS = {
  ArrowUp: ["slice", 1],
  ArrowDown: ["slice", -1],
  PageUp: ["slice", 10],
  PageDown: ["slice", -10],
  Home: ["end", -1],
  End: ["end", 1],
  "+": ["zoom", 1.25],
  "-": ["zoom", 0.8],
  "?": ["help"],
  c: ["wash"],
  i: ["lines"],
  b: ["beams"],
  s: ["structures"],
  r: ["reset"],
  m: ["measure"],
  Delete: ["unmeasure"],
};

// `typing`: whether a field has the focus; `moving`: whether the focus is where arrows belong to the page.
export function actOf({ key, ctrlKey, metaKey, altKey }, { typing = false, onControl = false } = {}) {
  if (typing || ctrlKey || metaKey || altKey) return null;
  if (/^[1-9]$/.test(key)) return ["window", Number(key) - 1];
  const act = ACTS[key.length === 1 ? key.toLowerCase() : key];
  if (!act) return null;
  return onControl && key.length > 1 ? null : act;
}
