// Starts the viewer: reads the page, fetches the bundle, ties controls and keys to acts.
import { describe } from "./loading.js";
import { controls } from "./controls.js";
import { Scene } from "./scene.js";
import { Side } from "./side.js";
import { Viewer } from "./viewer.js";
import { element, number, readWords, say } from "./words.js";

const root = document.querySelector(".viewer");
const find = (name) => root.querySelector(`[data-part=${name}]`);
readWords(root.querySelector("[data-words]"));

// What happened, what is safe, what to do, in place of the picture.
function tell(title, text, again) {
  const box = find("message");
  box.replaceChildren(element("h2", {}, title), element("p", {}, text));
  if (again) {
    const button = element("button", { type: "button" }, say("again"));
    button.addEventListener("click", () => location.reload());
    box.append(button);
  }
  box.hidden = false;
}

function loaded(words, state, part) {
  const badge = find("loaded");
  badge.className = `badge ${state}`;
  if (badge.textContent !== words) badge.textContent = words;
  const bar = find("progress");
  bar.hidden = part === null;
  if (part !== null) bar.value = part;
}

async function open(address, base, waiting) {
  const about = await describe(address, waiting);
  return about.ready ? new Scene(about, base) : null;
}

function seat(viewer, scene) {
  const box = find("side").content.cloneNode(true).firstElementChild;
  find("stage").append(box);
  const side = new Side(viewer, scene, box);
  viewer.sides.push(side);
  box.querySelector("[data-name]").textContent = scene.about.plan.label;
  return side;
}

async function fetchSlices(viewer, side) {
  const { scene } = side;
  const { volume } = scene;
  if (!volume) return;
  await scene.fetchSlices(firstSlice(side), () => {
    if (volume.come === 1 && side.first) {
      viewer.drawNow();
      performance.mark("planbank:first-slice");
    }
    told(viewer);
    viewer.refresh();
  });
}

// The slice on which the crosshair lies.
function firstSlice(side) {
  const { image } = side.scene;
  const along = image.normal.reduce((sum, n, i) => sum + n * (side.cursor[i] - image.origin[i]), 0);
  const away = image.positions.map((mm) => Math.abs(mm - along));
  return away.indexOf(Math.min(...away));
}

// How far loading is, in words that change once for each tenth.
function told(viewer) {
  const volumes = viewer.sides.map(({ scene }) => scene.volume).filter(Boolean);
  const of = volumes.reduce((sum, { slices }) => sum + slices.length, 0);
  const come = volumes.reduce((sum, volume) => sum + volume.come, 0);
  const tenth = Math.floor((10 * come) / Math.max(of, 1));
  if (come < of && tenth === viewer.tenth) return;
  viewer.tenth = tenth;
  if (come < of) loaded(say("loading", { n: come, of }), "info", come / of);
  else loaded(lacking(viewer) || say("loaded"), lacking(viewer) ? "warn" : "ok", null);
}

// 'Of 98 images 1 is here': said where the state of loading is said.
function lacking(viewer) {
  for (const { scene } of viewer.sides) {
    const { image } = scene;
    if (!image) {
      const unclear = scene.about.findings.some(({ code }) => code === "images-ambiguous");
      return say(unclear ? "images-unclear" : "no-images");
    }
    if (image.expected && image.expected > image.positions.length) {
      return say("images-lack", { n: number(image.positions.length, 0), of: number(image.expected, 0) });
    }
  }
  return "";
}

// Images, doses and structures of one plan; what fails is told and the rest goes on.
async function fetchAll(viewer, side) {
  const { scene } = side;
  const failed = [];
  const tried = (promise, what) => promise.catch((error) => failed.push([what, error.message]));
  const lines = Promise.all([tried(scene.fetchDoses(), "doses"), tried(scene.fetchStructures(), "structures")]).then(() => {
    scene.lines.clear();
    if (!scene.grid && !viewer.state.at) {
      const roi = scene.rois.find((one) => scene.stack(one)?.marks.length);
      if (roi) side.toPoint(scene.middle(roi));
    }
    for (const pane of side.panes) pane.view = pane.moved ? pane.view : null;
    viewer.relist();
    if (side.first && viewer.state.finding) viewer.toFinding(viewer.state.finding);
    viewer.drawNow();
    if (side.first) performance.mark("planbank:dose-contours");
  });
  await Promise.all([tried(fetchSlices(viewer, side), "images"), lines]);
  if (failed.length) {
    const signedOut = failed.some(([, why]) => /^40/.test(why));
    loaded(say("not-loaded", { what: failed.map(([what]) => say(what)).join(", ") }), "bad", null);
    find("failed").textContent = say(signedOut ? "not-allowed" : "try-again");
    find("failed").hidden = false;
  }
}

async function start() {
  const viewer = new Viewer(root);
  const waiting = (about) => {
    if (about.failed) tell(say("cannot"), about.why, true);
    else tell(say("preparing"), `${about.why} ${about.progress ?? ""} ${say("goes-on")}`, false);
  };
  let scene;
  try {
    const over = viewer.state.audit ? `?audit=${viewer.state.audit}` : "";
    scene = await open(`../scene/${over}`, "../scene/", waiting);
  } catch (error) {
    tell(say("cannot"), say(/^40/.test(error.message) ? "not-allowed" : "try-again"), true);
    loaded(say("cannot"), "bad", null);
    return;
  }
  if (!scene) {
    loaded(say("cannot"), "bad", null);
    return;
  }
  find("message").hidden = true;
  if (viewer.state.image) scene.show(viewer.state.image);
  const side = seat(viewer, scene);
  if (viewer.state.at) side.toPoint(viewer.state.at);
  else side.toStop("axial", side.stopAt("axial"));
  if (viewer.state.window && scene.image) viewer.state.windows.set(scene.image.key, viewer.state.window);
  controls(viewer, find, (one) => fetchSlices(viewer, one).then(() => told(viewer)));
  viewer.activate(side.panes[0]);
  told(viewer);
  if (viewer.state.finding && viewer.toFinding(viewer.state.finding)) viewer.state.finding = null;
  expose(viewer, fetchAll(viewer, side).then(() => beside(viewer)));
}

// The other plan of the patient that the address asks for.
async function beside(viewer) {
  performance.mark("planbank:all-slices");
  const { with: other } = viewer.state;
  if (!other) return;
  const tellOther = (words) => {
    find("compared").textContent = words;
    find("compared").hidden = !words;
  };
  try {
    const base = `../../${other}/scene/`;
    const scene = await open(base, base, (about) => tellOther(about.failed ? about.why : say("preparing")));
    if (!scene) return;
    tellOther("");
    const [first] = viewer.sides;
    const side = seat(viewer, scene);
    root.classList.add("two");
    const mine = first.scene.about.frame_ids?.[first.scene.frame];
    viewer.areLinked = Boolean(mine) && mine === scene.about.frame_ids?.[scene.frame];
    if (viewer.areLinked) side.toPoint(first.cursor);
    else tellOther(say("not-linked"));
    viewer.relist();
    await fetchAll(viewer, side);
    viewer.relist();
  } catch (error) {
    tellOther(say(/^40/.test(error.message) ? "other-not-there" : "try-again"));
  }
}

// For measuring: times of frames, and one step through all planes drawn at once.
function expose(viewer, done) {
  window.planbankViewer = {
    frames: viewer.frames,
    done,
    step(n) {
      for (const side of viewer.sides) {
        for (const pane of side.panes) side.toStop(pane.name, side.stopAt(pane.name) + n);
      }
      return viewer.drawNow();
    },
    state: () => Object.fromEntries(new URLSearchParams(location.search)),
    // Where a point of the patient stands on the screen: [x, y] of a plane, in CSS px.
    place(name, point) {
      const pane = viewer.sides[0].panes.find((one) => one.name === name);
      const { right, down } = pane.plane;
      const along = (axis) => axis.reduce((sum, n, i) => sum + n * point[i], 0);
      const { u, v, mm } = pane.view;
      return [pane.size.width / 2 + (along(right) - u) / mm, pane.size.height / 2 + (along(down) - v) / mm];
    },
    go: (point) => viewer.moveTo(viewer.sides[0], point),
  };
}

start();
