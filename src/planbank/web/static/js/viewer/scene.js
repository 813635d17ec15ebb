// One plan as the viewer holds it: its description, what has come of its parts, and what was made of them
// for drawing. Knows frames of reference: what lies on another one is never handed out to be drawn.
import { borderOf, cut, isInside, planeAt, stackOf } from "./contours.js";
import { doseAt, onPlane } from "./dose.js";
import { dot, inPlane, planesOf } from "./geometry.js";
import { cornersOf, middleOf, pitch } from "./grid.js";
import { isolines } from "./isolines.js";
import { loadDose, loadSlices, loadStructures } from "./loading.js";
import { stops } from "./order.js";
import { valueAt } from "./volume.js";

const KEPT = 240; // drawn lines that are kept, so that going back costs nothing
// ROI numbers are unique in their structure set only: those of a second set are told by this step.
const NEXT_SET = 100000;

export class Scene {
  constructor(about, base) {
    this.about = about;
    this.base = `${base}${about.digest}/`;
    this.volumes = new Map();
    this.doses = new Map();
    this.points = new Map();
    this.stacks = new Map();
    this.lines = new Map();
    this.rois = about.structures.flatMap((set, i) =>
      set.rois.map((roi) => ({ ...roi, set, id: i * NEXT_SET + roi.number, frame: set.frame })),
    );
    this.show(this.images.find((image) => image.primary)?.key ?? this.images[0]?.key ?? null);
  }

  get images() {
    return this.about.images;
  }

  // Look at another image; planes follow its axes, and its frame decides what is drawn on it.
  show(key) {
    this.image = this.images.find((image) => image.key === key) ?? null;
    this.frame = this.image?.frame ?? this.about.doses[0]?.frame ?? this.about.structures[0]?.frame ?? "f0";
    this.planes = planesOf(this.grid);
    this.stacks.clear();
    this.lines.clear();
    this.volume = this.image ? this.volumeOf(this.image) : null;
  }

  volumeOf(image) {
    if (!this.volumes.has(image.key)) {
      const { slope, intercept } = image;
      const slices = image.slices.map(() => null);
      this.volumes.set(image.key, { grid: image, slices, slope, intercept, come: 0, asked: false });
    }
    return this.volumes.get(image.key);
  }

  // Fetch the slices of the image that is looked at, once.
  async fetchSlices(from, arrived) {
    const { volume, image } = this;
    if (!volume || volume.asked) return;
    volume.asked = true;
    await loadSlices(this.base, image, from, volume, (k) => {
      volume.come += 1;
      arrived(k, volume);
    });
  }

  async fetchDoses() {
    await Promise.all(this.about.doses.map(async (dose) => this.doses.set(dose.key, await loadDose(this.base, dose))));
  }

  async fetchStructures() {
    await Promise.all(
      this.about.structures.map(async (set) => this.points.set(set.key, await loadStructures(this.base, set))),
    );
  }

  // A dose that may be drawn on what is looked at; null where it has not come or lies on another frame.
  dose(key) {
    const dose = this.doses.get(key);
    return dose && dose.frame === this.frame ? dose : null;
  }

  // Whether anything of the plan lies on another frame of reference than the image that is looked at.
  get elsewhere() {
    const others = [...this.about.doses, ...this.about.structures];
    return this.image !== null && others.length > 0 && others.every((one) => one.frame !== this.frame);
  }

  // Structure sets and doses that cannot be drawn here, by name.
  get left() {
    return [...this.about.doses, ...this.about.structures].filter((one) => one.frame !== this.frame);
  }

  stack(roi) {
    const points = this.points.get(roi.set.key);
    if (!points || roi.frame !== this.frame || roi.empty) return null;
    if (!this.stacks.has(roi.id)) {
      this.stacks.set(roi.id, stackOf({ ...roi.set, points }, roi, this.planes));
    }
    return this.stacks.get(roi.id);
  }

  // Half the distance within which a contour belongs to a slice.
  get half() {
    return (this.image && this.image.positions.length > 1 ? pitch(this.image.positions) : this.thin) / 2;
  }

  get thin() {
    const some = this.rois.map((roi) => this.stack(roi)?.usual).filter(Boolean);
    return this.image?.thickness || (some.length ? Math.min(...some) : 3);
  }

  kept(name, make) {
    const found = this.lines.get(name);
    if (found !== undefined) {
      this.lines.delete(name);
      this.lines.set(name, found);
      return found;
    }
    const made = make();
    this.lines.set(name, made);
    if (this.lines.size > KEPT * 12) this.lines.delete(this.lines.keys().next().value);
    return made;
  }

  // The outline of an ROI on a plane as a path in the plane's mm; null where it is not.
  outline(roi, plane, w) {
    const stack = this.stack(roi);
    if (!stack) return null;
    if (stack.name === plane.name) {
      const k = planeAt(stack, w, this.half);
      return k < 0 ? null : this.kept(`${roi.id} ${plane.name} ${k}`, () => path(stack.rings[k].map(borderOf).flat()));
    }
    return this.kept(`${roi.id} ${plane.name} ${w.toFixed(2)}`, () => {
      const lines = cut(stack, this.planes, plane.name, w, this.thin);
      return lines.length ? path(lines) : null;
    });
  }

  // The dose on a plane, and its lines.
  lattice(key, plane, w) {
    const dose = this.dose(key);
    return dose && this.kept(`${key} ${plane.name} ${w.toFixed(3)}`, () => onPlane(dose, plane, w));
  }

  isodose(key, plane, w, gy) {
    const lattice = this.lattice(key, plane, w);
    return lattice && this.kept(`${key} ${plane.name} ${w.toFixed(3)} ${gy}`, () => {
      const chains = isolines(lattice, gy);
      return { chains, path: chains.length ? chainPath(chains) : null };
    });
  }

  // What is known of a point: value of the image, Gy of a dose, ROIs around it.
  at(point, doseKey, shown) {
    const dose = this.dose(doseKey);
    const around = this.rois.filter((roi) => shown(roi) && this.holds(roi, point)).map((roi) => roi.name);
    return { value: this.volume ? valueAt(this.volume, point) : null, gy: dose ? doseAt(dose, point) : null, around };
  }

  holds(roi, point) {
    const stack = this.stack(roi);
    if (!stack) return false;
    const [u, v, w] = inPlane(this.planes[stack.name], point);
    const k = planeAt(stack, w, Math.max(this.half, stack.usual / 2));
    return k >= 0 && isInside(stack.rings[k], u, v);
  }

  // Where the planes stop, rising along `through`.
  stopsOf(name) {
    return this.kept(`stops ${name}`, () => {
      const plane = this.planes[name];
      if (name === "axial" || !this.image) return this.sliceStops(plane);
      return steps(this.box(plane).w, Math.min(...this.image.spacing));
    });
  }

  sliceStops(plane) {
    const along = this.image ? dot(this.image.normal, plane.through) : 0;
    if (this.image && Math.abs(along) < 0.9) return steps(this.box(plane).w, Math.min(...this.image.spacing));
    const base = this.image ? dot(this.image.origin, plane.through) : 0;
    const places = (list) => (list ?? []).map((mm) => base + along * mm);
    const marks = this.rois.flatMap((roi) => {
      const stack = this.stack(roi);
      return stack?.name === plane.name ? stack.marks : [];
    });
    const found = stops(places(this.image?.positions), places(this.image?.missing), marks);
    return found.length ? found : steps(this.box(plane).w, 2);
  }

  // Where slices lack, as places along the axial plane.
  get lacking() {
    if (!this.image?.missing?.length) return [];
    const { through } = this.planes.axial;
    const base = dot(this.image.origin, through);
    return this.image.missing.map((mm) => base + dot(this.image.normal, through) * mm);
  }

  // The box of everything that can be drawn on this frame: {u, v, w} of a plane, in mm.
  box(plane) {
    const grids = [this.image, ...this.about.doses.filter((dose) => dose.frame === this.frame)].filter(Boolean);
    const points = (this.image && this.image.positions.length > 2 ? [this.image] : grids).flatMap(cornersOf);
    for (const roi of this.image && this.image.positions.length > 2 ? [] : this.rois) {
      const stack = this.stack(roi);
      const own = stack && this.planes[stack.name];
      stack?.rings.forEach((rings, k) => {
        for (const ring of rings) points.push(back(own, ring[0], ring[1], stack.marks[k]));
      });
    }
    if (!points.length) points.push([-100, -100, -100], [100, 100, 100]);
    const ends = (direction) => {
      const places = points.map((point) => dot(point, direction));
      return [Math.min(...places), Math.max(...places)];
    };
    return { u: ends(plane.right), v: ends(plane.down), w: ends(plane.through) };
  }

  // What a plane shows at first: the body, where somebody drew it, with some air; else everything.
  bodyBox(plane) {
    const drawn = this.rois.filter((roi) => this.stack(roi)?.marks.length);
    const outer = drawn.filter((roi) => roi.type === "EXTERNAL");
    const points = (outer.length ? outer : this.grid ? [] : drawn).flatMap((roi) => this.ends(roi));
    if (!points.length) return this.box(plane);
    const ends = (direction) => {
      const places = points.map((point) => dot(point, direction));
      const [low, high] = [Math.min(...places), Math.max(...places)];
      return [low - 0.04 * (high - low) - 5, high + 0.04 * (high - low) + 5];
    };
    return { u: ends(plane.right), v: ends(plane.down), w: ends(plane.through) };
  }

  // What shows where the patient is: the image, else a dose; null where only contours do.
  get grid() {
    return this.image ?? this.about.doses.find((dose) => dose.frame === this.frame) ?? null;
  }

  // Corners of the box around an ROI.
  ends(roi) {
    const stack = this.stack(roi);
    let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const ring of stack.rings.flat()) {
      for (let i = 0; i < ring.length; i += 2) {
        [u0, u1] = [Math.min(u0, ring[i]), Math.max(u1, ring[i])];
        [v0, v1] = [Math.min(v0, ring[i + 1]), Math.max(v1, ring[i + 1])];
      }
    }
    const own = this.planes[stack.name];
    const marks = [stack.marks[0], stack.marks[stack.marks.length - 1]];
    return marks.flatMap((mark) => [[u0, v0], [u1, v1]].map(([u, v]) => back(own, u, v, mark)));
  }

  // Where to look first: the isocentre, else the middle of the image, the dose or the structures.
  get start() {
    const beam = this.about.beams.find((one) => (one.frame ?? "f0") === this.frame);
    const { grid } = this;
    const inside = beam && (!grid || this.holdsPoint(beam.isocentre));
    if (inside) return [...beam.isocentre];
    if (grid) return middleOf(grid);
    const { u, v, w } = this.box(this.planes.axial);
    return back(this.planes.axial, (u[0] + u[1]) / 2, (v[0] + v[1]) / 2, (w[0] + w[1]) / 2);
  }

  holdsPoint(point) {
    return Object.values(this.planes).every((plane) => {
      const { w } = this.box(plane);
      const at = dot(point, plane.through);
      return at >= w[0] && at <= w[1];
    });
  }

  // The middle of an ROI: its middle plane, the middle of its first ring.
  middle(roi) {
    const stack = this.stack(roi);
    if (!stack?.marks.length) return null;
    const k = stack.marks.length >> 1;
    const [ring] = stack.rings[k];
    const us = ring.filter((_, i) => i % 2 === 0);
    const vs = ring.filter((_, i) => i % 2 === 1);
    const mean = (list) => (Math.min(...list) + Math.max(...list)) / 2;
    return back(this.planes[stack.name], mean(us), mean(vs), stack.marks[k]);
  }
}

const back = (plane, u, v, w) => [0, 1, 2].map((i) => plane.right[i] * u + plane.down[i] * v + plane.through[i] * w);

function steps([low, high], step) {
  return Array.from({ length: Math.max(Math.round((high - low) / step), 1) }, (_, i) => low + (i + 0.5) * step);
}

function path(segments) {
  const made = new Path2D();
  let [u, v] = [NaN, NaN];
  for (const [u0, v0, u1, v1] of segments) {
    if (u0 !== u || v0 !== v) made.moveTo(u0, v0);
    made.lineTo(u1, v1);
    [u, v] = [u1, v1];
  }
  return made;
}

function chainPath(chains) {
  const made = new Path2D();
  for (const chain of chains) {
    made.moveTo(chain[0], chain[1]);
    for (let i = 2; i < chain.length; i += 2) made.lineTo(chain[i], chain[i + 1]);
  }
  return made;
}
