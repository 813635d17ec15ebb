// Curves of a DVH as numbers: no page, no drawing. A curve is {gy: [...], pc: [...], cc}: doses that
// rise, and the per cent of the volume that gets at least each of them, which never rises.

// Index of the last place with list[i] <= value; -1 before the first.
function lastUpTo(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// Per cent of the volume that gets at least `gy`.
export function percentAt(curve, gy) {
  const { gy: doses, pc } = curve;
  const i = lastUpTo(doses, gy);
  if (i < 0) return pc[0];
  if (i >= doses.length - 1) return gy > doses[doses.length - 1] ? 0 : pc[doses.length - 1];
  const part = (gy - doses[i]) / (doses[i + 1] - doses[i]);
  return pc[i] + part * (pc[i + 1] - pc[i]);
}

// Highest dose that at least `percent` of the volume gets; null where less of it has dose.
export function doseAt(curve, percent) {
  const { gy: doses, pc } = curve;
  if (percent > pc[0]) return null;
  let low = 0;
  let high = pc.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pc[middle] >= percent) low = middle;
    else high = middle - 1;
  }
  if (low >= pc.length - 1 || pc[low] === pc[low + 1]) return doses[low];
  return doses[low] + ((pc[low] - percent) / (pc[low] - pc[low + 1])) * (doses[low + 1] - doses[low]);
}

// All curves on one axis of doses, as a plot wants them; nothing beyond the end of each.
export function aligned(curves, to, count) {
  const doses = Array.from({ length: count + 1 }, (_, i) => (to * i) / count);
  const step = to / count;
  return [
    doses,
    ...curves.map((curve) => {
      const end = curve.gy[curve.gy.length - 1];
      return doses.map((gy) => (gy > end + step ? null : percentAt(curve, gy)));
    }),
  ];
}

// The curve nearest to a point of the plot, across or down, within `reach` px; -1 for none.
export function nearest(curves, point, plot, reach = 12) {
  let best = -1;
  let least = reach;
  curves.forEach((curve, i) => {
    const down = Math.abs(percentAt(curve, point.gy) - point.pc) * plot.perPercent;
    const at = doseAt(curve, point.pc);
    const across = at === null ? Infinity : Math.abs(at - point.gy) * plot.perGy;
    const away = Math.min(down, across);
    if (away < least) [best, least] = [i, away];
  });
  return best;
}

const LEVELS = [50, 32, 68, 20, 82, 90, 10];

function overlaps(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

// Whether any curve but its own runs through a box.
function crossed(box, curves, own, plot) {
  return curves.some((curve, i) => {
    for (let part = 0; part <= 1; part += 0.125) {
      const gy = (box.x + part * box.w - plot.left) / plot.perGy;
      if (gy > curve.gy[curve.gy.length - 1]) return false;
      const y = plot.top + (100 - percentAt(curve, gy)) * plot.perPercent;
      if (y > box.y - (i === own ? 0 : 1) && y < box.y + box.h + (i === own ? 0 : 1)) return true;
    }
    return false;
  });
}

// Where names can stand beside their lines: one box or null each. `order` says who chooses first;
// those in `must` stand over other lines rather than not at all.
export function places(curves, widths, height, order, must, plot) {
  const found = curves.map(() => null);
  const taken = [];
  for (const i of order) {
    const free = [];
    for (const level of LEVELS) {
      const gy = doseAt(curves[i], level);
      if (gy === null) continue;
      const x = plot.left + gy * plot.perGy;
      const y = plot.top + (100 - level) * plot.perPercent - height / 2;
      for (const left of [x + 7, x - 7 - widths[i]]) {
        const box = { x: left, y, w: widths[i], h: height };
        if (left < plot.left + 2 || left + box.w > plot.left + plot.width - 2) continue;
        if (taken.some((other) => overlaps(box, other))) continue;
        free.push([box, crossed(box, curves, i, plot)]);
      }
    }
    const clear = free.find(([, hit]) => !hit) ?? (must.has(i) ? free[0] : undefined);
    if (clear) {
      found[i] = clear[0];
      taken.push(clear[0]);
    }
  }
  return found;
}
