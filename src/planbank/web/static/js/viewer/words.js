// Words of the page in the reader's language: they stand in the page itself, so that a script holds none.

const found = new Map();
const lang = () => document.documentElement.lang || "en";

export function readWords(list) {
  for (const item of list.querySelectorAll("[data-word]")) found.set(item.dataset.word, item.textContent);
}

// The words of a key, with {name} filled in.
export function say(key, filled = {}) {
  return (found.get(key) ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(filled[name] ?? whole));
}

export function number(value, digits = 1) {
  return value.toLocaleString(lang(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// A dose with the digits that it needs: 40, 38.05, 2.145.
export const gray = (gy) => gy.toLocaleString(lang(), { maximumFractionDigits: 3 });

// A volume as on the page of the plan: 561.5, 6.42, 0.083.
export const cc = (volume) => number(volume, volume >= 10 ? 1 : volume >= 1 ? 2 : 3);

// A new element: names of attributes to values, then what stands in it.
export function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside);
  return made;
}
