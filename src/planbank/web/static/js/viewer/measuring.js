// What people do to measure: by pointer from down to up, by keyboard from one crosshair to the next.
import { MOST, lengthOf, wordsOf } from "./rulers.js";
import { say } from "./words.js";

export class Measuring {
  constructor(viewer) {
    this.viewer = viewer;
    this.begun = null; // the first point, where it is set by keyboard
  }

  // A ruler that begins at a point of the patient; the oldest goes where there are too many.
  begin(from, to = from) {
    const { viewer } = this;
    const ruler = { from, to };
    viewer.state.rulers = [...viewer.state.rulers, ruler].slice(-MOST);
    viewer.refresh();
    return ruler;
  }

  stretch(ruler, to) {
    ruler.to = to;
    this.viewer.refresh();
  }

  // Told once it stands; one of no length was a click.
  end(ruler) {
    const { viewer } = this;
    if (lengthOf(ruler) < 0.05) viewer.state.rulers = viewer.state.rulers.filter((one) => one !== ruler);
    else viewer.announce(wordsOf(ruler));
    viewer.refresh();
  }

  // By keyboard: the crosshair gives the first point, then the second.
  here() {
    const { cursor } = this.viewer.sides[0];
    if (!this.begun) {
      this.begun = cursor;
      this.viewer.announce(say("first-point"));
      return;
    }
    const ruler = this.begin(this.begun, cursor);
    this.begun = null;
    this.end(ruler);
  }

  clear() {
    const { viewer } = this;
    this.begun = null;
    if (viewer.state.rulers.length) viewer.announce(say("rulers-gone"));
    viewer.state.rulers = [];
    viewer.refresh();
  }
}
