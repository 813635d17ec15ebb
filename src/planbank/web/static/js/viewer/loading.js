// Fetches what the viewer draws: the description, then the slice that is looked at, then everything else.
import { portions } from "./order.js";
import { inflate, numbers } from "./unpack.js";

const AGAIN = 2000; // ms between two questions whether the bundle is there
const TRIES = 3;

// The description; `waiting` is told as long as it is being prepared. Fails with the status.
export async function describe(address, waiting) {
  for (;;) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    if (found.ready) return found;
    waiting(found);
    if (found.failed) return found;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

async function part(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  return inflate(await answer.arrayBuffer());
}

export async function loadDose(base, dose) {
  const values = numbers(await part(`${base}${dose.part}/`), dose.dtype ?? "uint16", dose.columns, dose.predictor);
  return { ...dose, grid: dose, values };
}

export async function loadStructures(base, set) {
  return numbers(await part(`${base}${set.part}/`), set.dtype ?? "int16", 1, "");
}

// All slices of an image, from the one that is looked at outwards, in two workers. `arrived(k)` is called
// for each; the promise ends with the last. A portion that does not come is asked for again.
export function loadSlices(base, image, from, volume, arrived) {
  const todo = portions(image.slices, from).map((portion) => ({ ...portion, tries: 0 }));
  const address = new URL(`${base}${image.part}/`, document.baseURI).href;
  const columns = image.columns;
  return new Promise((resolve, reject) => {
    let left = todo.length;
    const workers = [0, 1].map(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
    const end = (act, what) => {
      workers.forEach((worker) => worker.terminate());
      act(what);
    };
    if (!left) end(resolve);
    for (const worker of workers) {
      let portion = null;
      const next = () => {
        portion = todo.shift();
        if (!portion) return;
        const { first, last } = portion;
        const slices = image.slices.slice(first, last + 1);
        worker.postMessage({ address, slices, first, columns, predictor: image.predictor });
      };
      worker.addEventListener("message", ({ data }) => {
        if (data.values) {
          volume.slices[data.slice] = data.values;
          arrived(data.slice);
        } else if (data.failed) {
          portion.tries += 1;
          if (portion.tries >= TRIES || /^40/.test(data.failed)) end(reject, new Error(data.failed));
          else {
            todo.push(portion);
            next();
          }
        } else {
          left -= 1;
          if (left === 0) end(resolve);
          else next();
        }
      });
      worker.addEventListener("error", (event) => end(reject, new Error(event.message || "worker")));
      next();
    }
  });
}
