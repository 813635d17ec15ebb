// What the viewer shows besides the plan itself; all of it can stand in the address.
import { fromQuery } from "./address.js";

export class State {
  constructor(query) {
    const said = fromQuery(query);
    Object.assign(this, said, { hidden: new Set(said.hidden), off: new Set(said.off) });
    this.windows = new Map(); // by key of the image
    this.lifted = null;
    this.liftedGy = null;
  }

  showsRoi(roi) {
    return !roi.empty && !this.hidden.has(roi.id);
  }

  // For the address: the first plan's image, crosshair and window beside what is shared.
  plain(side, zoom) {
    const { image } = side.scene;
    const started = side.scene.images.find((one) => one.primary) ?? side.scene.images[0];
    return {
      ...this,
      image: image && image !== started ? image.key : null,
      at: side.cursor,
      window: image ? (this.windows.get(image.key) ?? null) : null,
      hidden: [...this.hidden],
      off: [...this.off],
      zoom,
    };
  }
}
