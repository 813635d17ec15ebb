// The viewer: two sides at most, one state, and every act that changes it. Drawing waits for the next frame.
import { toQuery } from "./address.js";
import { curvesOf } from "./dvh.js";
import { linesOf } from "./levels.js";
import { Measuring } from "./measuring.js";
import { State } from "./state.js";
import { greyTable } from "./volume.js";
import { number, say } from "./words.js";

const FRAMES = 600; // durations of frames that are kept for who measures
const SETTLE = 300; // ms of rest before the address is written
const WINDOW = { centre: 40, width: 400 };

export class Viewer {
  constructor(root) {
    this.root = root;
    this.state = new State(location.search);
    this.sides = [];
    this.tool = "point";
    this.active = null;
    this.frames = [];
    this.tables = new Map();
    this.measuring = new Measuring(this);
    this.announce = () => {};
    this.changed = () => {};
    this.lifted = () => {};
  }

  // --- drawing
  refresh() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.sides.length) return 0;
    const start = performance.now();
    for (const side of this.sides) side.draw();
    const took = performance.now() - start;
    this.frames.push(took);
    if (this.frames.length > FRAMES) this.frames.shift();
    this.changed();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.writeAddress(), SETTLE);
    return took;
  }

  writeAddress() {
    const query = toQuery(this.state.plain(this.sides[0], this.zoomOf()));
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  }

  // How much nearer than whole the axial plane is.
  zoomOf() {
    const [axial] = this.sides[0].panes;
    if (!axial.view || !axial.moved) return 1;
    const { view } = axial;
    axial.reset();
    const zoom = axial.view.mm / view.mm;
    axial.view = view;
    axial.moved = true;
    return zoom;
  }

  // The grey table of a volume at the window of its image.
  table(volume) {
    const { centre, width } = this.windowOf(volume.grid);
    const name = [volume.slope, volume.intercept, centre, width].join();
    if (this.tables.get(volume)?.name !== name) {
      const table = greyTable(volume.slope, volume.intercept, { centre, width }, this.tables.get(volume)?.table);
      this.tables.set(volume, { name, table });
    }
    return this.tables.get(volume).table;
  }

  get tableMark() {
    return [...this.state.windows].flatMap(([key, { centre, width }]) => [key, centre, width]).join();
  }

  // --- windows
  windowOf(image) {
    return this.state.windows.get(image.key) ?? image.windows?.[0] ?? WINDOW;
  }

  window(side) {
    return side.scene.image ? this.windowOf(side.scene.image) : WINDOW;
  }

  setWindow(side, { centre, width }) {
    for (const one of this.sides) {
      const { image } = one.scene;
      if (image && (one === side || image.modality === side.scene.image?.modality)) {
        this.state.windows.set(image.key, { centre, width: Math.max(width, image.unit === "HU" ? 1 : 1e-3) });
      }
    }
    this.refresh();
  }

  // Dragging right widens, dragging down brightens; a whole canvas is about the width that there is.
  dragWindow(side, dx, dy) {
    const { centre, width } = this.window(side);
    const step = Math.max(width / 200, 1e-3);
    this.setWindow(side, { centre: centre + dy * step, width: width + dx * step });
  }

  preset(n) {
    const side = this.active?.side ?? this.sides[0];
    const preset = side.scene.image?.windows?.[n];
    if (preset) this.setWindow(side, preset);
  }

  // --- where
  moveTo(side, point) {
    side.toPoint(point);
    for (const other of this.linked(side)) other.toPoint(point);
    this.refresh();
  }

  linked(side) {
    return this.areLinked ? this.sides.filter((one) => one !== side) : [];
  }

  stopAt(side, name) {
    return side.stopAt(name);
  }

  // `steps` up through the stops of a pane's plane. Up is towards the head, the front or the left.
  scroll(pane, steps) {
    const { side, name } = pane;
    const direction = name === "coronal" ? -1 : 1;
    side.toStop(name, side.stopAt(name) + direction * steps);
    for (const other of this.linked(side)) other.toPoint(side.cursor);
    this.refresh();
  }

  toEnd(pane, end) {
    pane.side.toStop(pane.name, end < 0 ? 0 : Infinity);
    this.refresh();
  }

  activate(pane) {
    if (this.active === pane) return;
    this.active?.box.classList.remove("active");
    this.active = pane;
    pane.box.classList.add("active");
  }

  linkView(pane) {
    for (const side of this.linked(pane.side)) {
      const twin = side.panes.find((one) => one.name === pane.name);
      twin.view = { ...pane.view };
      twin.moved = true;
    }
    this.refresh();
  }

  reset() {
    this.state.zoom = 1;
    this.measuring.clear();
    this.state.windows.clear();
    for (const side of this.sides) {
      side.cursor = side.scene.start;
      side.toStop("axial", side.stopAt("axial"));
      for (const pane of side.panes) {
        pane.moved = false;
        pane.view = null;
      }
    }
    this.refresh();
  }

  // --- isodoses
  get prescription() {
    return this.sides[0]?.scene.about.plan.prescription_gy ?? null;
  }

  // The kinds of levels that there are; the first is what is shown unless something else was chosen.
  get kinds() {
    const { levels } = this.sides[0].scene.about;
    const kinds = [];
    if (levels.own?.length || this.state.own.length) kinds.push("own");
    if (levels.prescription?.length) kinds.push("prescription");
    if (levels.auto?.length) kinds.push("auto");
    return kinds;
  }

  get kind() {
    return this.kinds.includes(this.state.levels) ? this.state.levels : this.kinds[0];
  }

  lines() {
    const { levels } = this.sides[0].scene.about;
    const own = this.state.own.length ? this.state.own : (levels.own ?? []);
    const wanted = this.kind === "own" ? own : (levels[this.kind] ?? []);
    const name = [this.kind, ...wanted].join();
    if (this.linesName !== name) {
      this.linesName = name;
      this.everyLine = linesOf(wanted, this.prescription);
    }
    return this.everyLine;
  }

  shownLines() {
    return this.lines().filter((line) => !this.state.off.has(line.gy));
  }

  washRange() {
    const lines = this.lines();
    const low = lines.length ? lines[lines.length - 1].gy : 0;
    return { low, high: Math.max(lines[0]?.gy ?? 1, low + 1e-3) };
  }

  // Gy at which the difference of two doses has its full colour: a tenth of what is given.
  get differenceMost() {
    return Math.max((this.prescription ?? this.washRange().high) / 10, 0.1);
  }

  setLevels(kind, own) {
    this.state.levels = kind;
    if (own) this.state.own = own;
    this.state.off.clear();
    this.relist();
  }

  toggleLine(gy, shown) {
    if (shown) this.state.off.delete(gy);
    else this.state.off.add(gy);
    this.refresh();
  }

  everyLineShown(shown) {
    this.state.off = new Set(shown ? [] : this.lines().map(({ gy }) => gy));
    this.relist();
  }

  liftLine(line) {
    if (this.state.liftedGy !== (line?.gy ?? null)) this.state.liftedGy = line?.gy ?? null;
    this.lifted();
    this.refresh();
  }

  // --- structures
  colourOf = (roi, onPaper = false) => {
    const colour = roi.colour || "#ffffff";
    if (!onPaper || this.isDark) return colour;
    const [red, green, blue] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    const times = light > 120 ? 120 / light : 1;
    return `rgb(${[red, green, blue].map((n) => Math.round(n * times)).join(" ")})`;
  };

  get isDark() {
    return this.token("surface") !== "#ffffff";
  }

  token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  toggleRoi(id, shown) {
    const name = this.sides[0].scene.rois.find((roi) => roi.id === id)?.name;
    for (const roi of this.sides[1]?.scene.rois.filter((one) => one.name === name) ?? []) this.hide(roi.id, !shown);
    this.hide(id, !shown);
    this.redrawDvh();
    this.refresh();
  }

  hide(id, hidden) {
    if (hidden) this.state.hidden.add(id);
    else this.state.hidden.delete(id);
  }

  everyRoiShown(shown) {
    this.state.hidden = new Set(shown ? [] : this.sides[0].scene.rois.map((roi) => roi.id));
    this.relist();
  }

  liftRoi(id, always = false) {
    if (this.state.lifted === id && !always) return;
    this.state.lifted = id;
    this.lifted();
    this.redrawDvh();
    this.refresh();
  }

  // Choose a structure, or no longer; `go` moves to its middle.
  choose(id, go = false) {
    this.state.roi = this.state.roi === id && !go ? null : id;
    const roi = this.sides[0].scene.rois.find((one) => one.id === id);
    const middle = go && roi ? this.sides[0].scene.middle(roi) : null;
    if (middle) this.moveTo(this.sides[0], middle);
    this.lifted();
    this.redrawDvh();
    this.refresh();
  }

  // --- DVH
  curves() {
    const [first, second] = this.sides;
    if (!first) return [];
    const found = curvesOf(first.scene, first.doseKey, false);
    if (this.state.second) found.push(...curvesOf(first.scene, this.state.second, true));
    if (second) {
      const ids = new Map(first.scene.rois.map((roi) => [roi.name, roi]));
      for (const one of curvesOf(second.scene, second.doseKey, true)) {
        if (ids.has(one.roi.name)) found.push({ ...one, roi: ids.get(one.roi.name) });
      }
    }
    return found;
  }

  // --- findings
  // The place of a finding, as far as it is known: a point, a position, or the middle of its structure.
  pointOf(finding, scene) {
    if ((finding.frame ?? "f0") !== scene.frame) return null;
    if (finding.point) return finding.point;
    const roi = scene.rois.find((one) => one.number === finding.roi && !one.empty);
    return roi ? scene.middle(roi) : null;
  }

  // Where the address names a finding: to the first of that code that knows its place.
  toFinding(code) {
    const [side] = this.sides;
    const found = side.scene.about.findings.filter((one) => one.code === code);
    const point = found.map((one) => this.pointOf(one, side.scene)).find(Boolean);
    if (point) this.moveTo(side, point);
    return Boolean(point);
  }

  marksOf(side) {
    const { scene } = side;
    return scene.about.findings.flatMap((finding, i) => {
      const point = finding.point && (finding.frame ?? "f0") === scene.frame ? finding.point : null;
      return point ? [{ number: i + 1, point }] : [];
    });
  }

  // --- words
  wordsAt(side, point) {
    const { value, gy, around } = side.scene.at(point, side.doseKey, (roi) => this.state.showsRoi(roi));
    const unit = side.scene.image?.unit ?? "";
    const place = point.map((mm, i) => `${"xyz"[i]} ${number(mm, 1)}`).join(", ");
    const parts = [place];
    if (gy !== null) parts.push(`${number(gy, 2)} Gy`);
    if (value !== null) parts.push(`${number(value, unit === "HU" ? 0 : 1)} ${unit}`.trim());
    if (around.length) parts.push(around.slice(0, 4).join(", "));
    return parts.join("; ");
  }

  // The crosshair in words: the picture's twin.
  said(side) {
    const { scene } = side;
    const { value, gy, around } = scene.at(side.cursor, side.doseKey, (roi) => this.state.showsRoi(roi));
    const stops = scene.stopsOf("axial");
    return {
      slice: say("slice", { n: side.stopAt("axial") + 1, of: stops.length }),
      position: side.cursor.map((mm, i) => `${"xyz"[i]} ${number(mm, 1)} mm`).join(", "),
      value: value === null ? say("no-image") : `${number(value, scene.image.unit === "HU" ? 0 : 1)} ${scene.image.unit}`.trim(),
      dose: gy === null ? say("no-dose") : `${number(gy, 2)} Gy`,
      around: around.join(", ") || "-",
    };
  }

  relist() {}

  redrawDvh() {}
}
