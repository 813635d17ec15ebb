// Isodose lines: marching squares on the lattice of a plane. Between lattice lines the dose is bilinear,
// so that a true isodose is a hyperbola; cells where its chord would lie off by more than `TOLERANCE` Gy
// are halved until it does not. Out come chains of (u, v) in mm, closed ones ending where they began.

export const TOLERANCE = 0.03;
const FINEST = 16;

// Chains of one level: arrays [u0, v0, u1, v1, ...].
export function isolines(lattice, level) {
  const { us, vs, values } = lattice;
  const wide = us.length;
  const joined = new Joiner();
  for (let j = 0; j + 1 < vs.length; j += 1) {
    for (let i = 0; i + 1 < wide; i += 1) {
      const n = j * wide + i;
      const a = values[n];
      const b = values[n + 1];
      const c = values[n + wide];
      const d = values[n + wide + 1];
      const above = (a >= level) + (b >= level) + (c >= level) + (d >= level);
      if (above === 0 || above === 4 || a + b + c + d !== a + b + c + d) continue;
      cell(joined, level, [us[i], us[i + 1], vs[j], vs[j + 1]], [a, b, c, d]);
    }
  }
  return joined.chains();
}

// A cell, halved as often as its twist asks. Along the chord, (u, v) both run by at most a whole cell, and
// the bilinear term is off by at most a quarter of the twist.
function cell(joined, level, [u0, u1, v0, v1], [a, b, c, d]) {
  const twist = Math.abs(a + d - b - c);
  const parts = Math.min(Math.max(Math.ceil(Math.sqrt(twist / (4 * TOLERANCE))), 1), FINEST);
  if (parts === 1) {
    square(joined, level, u0, u1, v0, v1, a, b, c, d);
    return;
  }
  const at = (x, y) => (a * (1 - x) + b * x) * (1 - y) + (c * (1 - x) + d * x) * y;
  for (let q = 0; q < parts; q += 1) {
    for (let p = 0; p < parts; p += 1) {
      const [x0, x1, y0, y1] = [p / parts, (p + 1) / parts, q / parts, (q + 1) / parts];
      const corners = [at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1)];
      const box = [u0 + x0 * (u1 - u0), u0 + x1 * (u1 - u0), v0 + y0 * (v1 - v0), v0 + y1 * (v1 - v0)];
      square(joined, level, ...box, ...corners);
    }
  }
}

// The lines through one square: corners a (left, top), b (right, top), c (left, bottom), d (right, bottom).
function square(joined, level, u0, u1, v0, v1, a, b, c, d) {
  const kind = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0);
  if (kind === 0 || kind === 15) return;
  const top = () => [u0 + ((level - a) / (b - a)) * (u1 - u0), v0];
  const bottom = () => [u0 + ((level - c) / (d - c)) * (u1 - u0), v1];
  const left = () => [u0, v0 + ((level - a) / (c - a)) * (v1 - v0)];
  const right = () => [u1, v0 + ((level - b) / (d - b)) * (v1 - v0)];
  if (kind === 6 || kind === 9) {
    // A saddle: which corners belong together says the value where the two hyperbolas part.
    const middle = (a * d - b * c) / (a + d - b - c);
    const joinsAD = (middle >= level) === (kind === 9);
    joined.add(joinsAD ? top() : left(), joinsAD ? right() : top());
    joined.add(joinsAD ? left() : bottom(), joinsAD ? bottom() : right());
    return;
  }
  const sides = [];
  if ((a >= level) !== (b >= level)) sides.push(top());
  if ((a >= level) !== (c >= level)) sides.push(left());
  if ((b >= level) !== (d >= level)) sides.push(right());
  if ((c >= level) !== (d >= level)) sides.push(bottom());
  joined.add(sides[0], sides[1]);
}

// Joins segments that share an end, so that dashes run on and a line is one path.
class Joiner {
  constructor() {
    this.segments = [];
    this.ends = new Map();
  }

  // Ends within a tenth of a micrometre are one.
  key([u, v]) {
    return (Math.round(u * 1e4) + 2 ** 25) * 2 ** 26 + Math.round(v * 1e4) + 2 ** 25;
  }

  add(from, to) {
    const keys = [this.key(from), this.key(to)];
    if (keys[0] === keys[1]) return;
    const n = this.segments.push({ from, to, keys, used: false }) - 1;
    for (const key of keys) {
      const list = this.ends.get(key);
      if (list) list.push(n);
      else this.ends.set(key, [n]);
    }
  }

  chains() {
    const found = [];
    for (const segment of this.segments) {
      if (segment.used) continue;
      segment.used = true;
      const forth = this.follow(segment.keys[1]);
      const back = forth.closed === segment.keys[0] ? { points: [] } : this.follow(segment.keys[0]);
      const chain = [];
      for (let i = back.points.length - 1; i >= 0; i -= 1) chain.push(...back.points[i]);
      chain.push(...segment.from, ...segment.to);
      for (const point of forth.points) chain.push(...point);
      found.push(chain);
    }
    return found;
  }

  // On from an end as long as a segment is free; `closed` is the end at which it stops.
  follow(key) {
    const points = [];
    for (;;) {
      const next = (this.ends.get(key) ?? []).find((n) => !this.segments[n].used);
      if (next === undefined) return { points, closed: key };
      const segment = this.segments[next];
      segment.used = true;
      const forward = segment.keys[0] === key;
      points.push(forward ? segment.to : segment.from);
      key = segment.keys[forward ? 1 : 0];
    }
  }
}

// Distance of a point to chains, in mm.
export function distanceTo(chains, u, v) {
  let least = Infinity;
  for (const chain of chains) {
    for (let i = 0; i + 3 < chain.length; i += 2) {
      const [du, dv] = [chain[i + 2] - chain[i], chain[i + 3] - chain[i + 1]];
      const along = ((u - chain[i]) * du + (v - chain[i + 1]) * dv) / (du * du + dv * dv || 1);
      const t = Math.min(Math.max(along, 0), 1);
      least = Math.min(least, Math.hypot(u - chain[i] - t * du, v - chain[i + 1] - t * dv));
    }
  }
  return least;
}
