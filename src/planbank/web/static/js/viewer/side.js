// One plan on the screen: its scene, its three planes, its crosshair. Two stand beside each other to be
// compared; then what is shared (crosshair, zoom) goes through the viewer.
import { dot, planesOf, plus } from "./geometry.js";
import { nearestAmong } from "./grid.js";
import { panesOf } from "./pane.js";

export class Side {
  constructor(viewer, scene, box) {
    this.viewer = viewer;
    this.scene = scene;
    this.box = box;
    this.cursor = scene.start;
    this.panes = panesOf(this, box);
    this.other = null;
  }

  get first() {
    return this.viewer.sides[0] === this;
  }

  // The dose that is drawn: the chosen one of the first plan, the one of the DVHs of the second.
  get doseKey() {
    const { doses } = this.scene.about;
    const here = doses.filter((dose) => dose.frame === this.scene.frame);
    const wanted = this.first ? here.find((dose) => dose.key === this.viewer.state.dose) : null;
    return (wanted ?? here.find((dose) => dose.used) ?? here[0])?.key ?? null;
  }

  // Number of the stop of a plane at which the crosshair is.
  stopAt(name) {
    return nearestAmong(this.scene.stopsOf(name), dot(this.cursor, this.scene.planes[name].through));
  }

  // Go to a stop of a plane; the crosshair keeps its place in that plane.
  toStop(name, n) {
    const stops = this.scene.stopsOf(name);
    const { through } = this.scene.planes[name];
    const mm = stops[Math.min(Math.max(n, 0), stops.length - 1)];
    this.cursor = plus(this.cursor, through, mm - dot(this.cursor, through));
  }

  // Go to a point; the axial plane goes to the slice that is nearest.
  toPoint(point) {
    const box = this.scene.box(planesOf(null).axial);
    const inside = [box.u, box.v, box.w].map(([low, high], i) => Math.min(Math.max(point[i], low), high));
    this.cursor = inside;
    this.toStop("axial", this.stopAt("axial"));
  }

  draw() {
    for (const pane of this.panes) pane.draw();
  }
}
