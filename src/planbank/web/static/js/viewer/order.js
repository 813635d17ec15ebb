// In which order slices are fetched, and where scrolling stops.
import { pitch } from "./grid.js";

// Bytes of one request: a few slices, so that each is soon seen and the policy is not asked too often.
export const PORTION = 2 ** 21;

// Portions of slices, from the one that is looked at outwards: [{first, last}], the first one slice alone.
export function portions(slices, from, most = PORTION) {
  if (!slices.length) return [];
  const start = Math.min(Math.max(from, 0), slices.length - 1);
  const up = runs(slices, start + 1, slices.length, 1, most);
  const down = runs(slices, start - 1, -1, -1, most);
  const found = [{ first: start, last: start }];
  for (let i = 0; i < Math.max(up.length, down.length); i += 1) {
    if (up[i]) found.push(up[i]);
    if (down[i]) found.push(down[i]);
  }
  return found;
}

function runs(slices, from, to, step, most) {
  const found = [];
  let run = null;
  for (let k = from; k !== to; k += step) {
    const size = slices[k][1];
    if (!run || run.size + size > most) {
      run = { first: k, last: k, size: 0 };
      found.push(run);
    }
    run.size += size;
    run.first = Math.min(run.first, k);
    run.last = Math.max(run.last, k);
  }
  return found.map(({ first, last }) => ({ first, last }));
}

// Where the axial plane stops (mm along its `through`), rising: the slices there are, those that lack, and
// planes of contours that lie on none of them.
export function stops(slices, lacking, contours) {
  const found = [...slices, ...lacking].sort((a, b) => a - b);
  const half = (found.length > 1 ? pitch(found) : 3) / 2;
  const known = [...found];
  for (const mark of [...contours].sort((a, b) => a - b)) {
    if (!known.some((stop) => Math.abs(stop - mark) <= half + 1e-3)) known.push(mark);
  }
  return known.sort((a, b) => a - b).filter((stop, i, all) => i === 0 || stop - all[i - 1] > 1e-3);
}
