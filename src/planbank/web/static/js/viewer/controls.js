// Buttons, choices, keys and lists of the page, tied to acts of the viewer.
import { DvhPlot, fillDoses, fillTable } from "./dvh.js";
import { actOf } from "./keys.js";
import { parseLevels, typed } from "./levels.js";
import { fillFindings, fillIsodoses, fillStructures, markLists } from "./lists.js";
import { element, gray, number, say } from "./words.js";

const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const BUTTONS = 3; // windows that stand as buttons
const MARKED = { wash: "wash", lines: "lines", structures: "structures", beams: "beams", difference: "difference" };

export function controls(viewer, find, fetchSlices) {
  const { state, root } = viewer;
  const [side] = viewer.sides;
  const plot = new DvhPlot(viewer, find("dvh"));
  const help = find("help");

  viewer.redrawDvh = () => plot.draw();
  viewer.lifted = () => markLists(root, state);
  viewer.relist = () => {
    const dosed = side.scene.about.doses.length > 0;
    find("no-dose").hidden = dosed;
    for (const name of ["isodoses", "isodoses-all", "isodoses-none", "level-kinds"]) find(name).hidden = !dosed;
    fillIsodoses(find("isodoses"), dosed ? viewer.lines() : [], viewer);
    fillStructures(find("structures"), viewer.sides[0].scene.rois, viewer);
    fillFindings(find("findings"), viewer.sides[0].scene, viewer);
    const curves = viewer.curves();
    plot.show(curves);
    fillDoses(find("doses"), curves, viewer);
    fillTable(find("dvh-table"), curves, viewer);
    const algorithm = curves.find((one) => one.algorithm)?.algorithm;
    find("stored").textContent = curves.length ? say("stored", { algorithm }) : say("no-dvh");
    levelKinds();
    others();
    viewer.lifted();
    viewer.refresh();
  };
  viewer.changed = () => {
    for (const [name, words] of Object.entries(viewer.said(viewer.sides[0]))) put(find(`here-${name}`), words);
    for (const [name, button] of toggles) button.setAttribute("aria-pressed", String(Boolean(state[name])));
    const { centre, width } = viewer.window(viewer.sides[0]);
    for (const button of find("windows").querySelectorAll("button")) {
      const same = Number(button.dataset.centre) === centre && Number(button.dataset.width) === width;
      button.setAttribute("aria-pressed", String(same));
    }
  };

  const toggles = Object.keys(MARKED).map((name) => [name, find(`toggle-${name}`)]);
  const toggle = (name) => {
    state[name] = !state[name];
    viewer.refresh();
  };
  for (const [name, button] of toggles) button.addEventListener("click", () => toggle(name));

  // What there is to choose: images, doses, a second dose. What there is one of has no choice.
  function choices() {
    const { about } = side.scene;
    const image = (one) => `${one.label || one.modality}${one.frame === "f0" ? "" : ` (${say("own-frame")})`}`;
    fillChoice(find("image"), about.images.map((one) => [one.key, image(one)]), side.scene.image?.key, (key) => {
      side.scene.show(key);
      side.cursor = side.scene.holdsPoint(side.cursor) ? side.cursor : side.scene.start;
      side.toStop("axial", side.stopAt("axial"));
      for (const pane of side.panes) pane.view = null;
      windows();
      viewer.relist();
      fetchSlices(side);
    });
    const doses = about.doses.map((dose) => [dose.key, dose.label]);
    fillChoice(find("dose"), doses, side.doseKey, (key) => {
      state.dose = key;
      viewer.relist();
    });
    fillChoice(find("second"), doses.length > 1 ? [["", say("none")], ...doses] : [], state.second ?? "", (key) => {
      state.second = key || null;
      viewer.relist();
    });
  }

  // What is compared with what, and messages about frames of reference.
  function others() {
    const second = viewer.sides[1];
    side.other = null;
    if (second && viewer.areLinked && second.doseKey) {
      const dose = second.scene.dose(second.doseKey);
      if (dose) side.other = { dose, mark: "other" };
    } else if (state.second && side.scene.dose(state.second)) {
      side.other = { dose: side.scene.dose(state.second), mark: state.second };
    }
    find("toggle-difference").hidden = !side.other;
    const { left, elsewhere } = side.scene;
    put(find("frame"), elsewhere ? say("elsewhere") : left.length ? say("partly-elsewhere", { names: left.map((one) => one.label).join(", ") }) : "");
    find("frame").hidden = !left.length;
  }

  // The first few windows as buttons, the others in a list; one that equals another is left out.
  function windows() {
    const every = side.scene.image?.windows ?? [];
    const list = every.map((one, i) => ({ ...one, i })).slice(0, 9);
    const differs = ({ centre, width }, n) => list.findIndex((one) => one.centre === centre && one.width === width) === n;
    const kept = list.filter(differs);
    const words = ({ i, name, key }) => name || key || String(i + 1);
    const title = ({ i, width, centre }) => `${i + 1}: ${number(width, 0)} / ${number(centre, 0)}`;
    find("windows").replaceChildren(
      ...kept.slice(0, BUTTONS).map((one) => {
        const data = { "data-centre": one.centre, "data-width": one.width };
        const button = element("button", { type: "button", class: "small", title: title(one), ...data }, words(one));
        button.addEventListener("click", () => viewer.preset(one.i));
        return button;
      }),
    );
    const more = find("more-windows");
    more.hidden = kept.length <= BUTTONS;
    const options = kept.slice(BUTTONS).map((one) => element("option", { value: one.i }, `${one.i + 1}. ${words(one)}`));
    more.replaceChildren(element("option", { value: "" }, say("more")), ...options);
  }
  find("more-windows").addEventListener("change", ({ target }) => {
    if (target.value !== "") viewer.preset(Number(target.value));
    target.value = "";
    viewer.active?.canvas.focus({ preventScroll: true });
  });

  function levelKinds() {
    const kinds = [...new Set([...viewer.kinds, "own"])].filter((kind) => side.scene.about.doses.length);
    find("level-kinds").replaceChildren(
      ...kinds.map((kind) => {
        const button = element("button", { type: "button", class: "small", "aria-pressed": String(kind === viewer.kind) }, say(`levels-${kind}`));
        button.addEventListener("click", () => {
          if (kind === "own") editLevels();
          if (viewer.kinds.includes(kind)) viewer.setLevels(kind);
        });
        return button;
      }),
    );
    const dose = side.scene.about.doses.find((one) => one.key === side.doseKey);
    put(find("prescribed"), viewer.prescription ? say("prescribed", { gy: gray(viewer.prescription) }) : "");
    const go = find("hottest");
    go.hidden = !(dose?.max && dose.hottest && (dose.frame ?? "f0") === side.scene.frame);
    put(go, say("highest", { gy: number(dose?.max ?? 0, 1) }));
    go.onclick = () => viewer.moveTo(side, dose.hottest);
  }

  // Own levels: typed in Gy or %, shown at once, kept where the bank keeps them.
  const own = find("own");
  function editLevels() {
    own.hidden = false;
    const field = own.querySelector("input");
    const lines = viewer.lines().map(({ gy }) => gray(gy)).reverse().join("; ");
    const { own_as: given } = side.scene.about.levels;
    const isKept = viewer.kind === "own" && given && (!state.own.length || sameLevels(state.own, side.scene.about.levels.own));
    field.value = isKept ? typed(given) : lines;
    field.focus();
  }
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = own.querySelector("input");
    const { levels, given, wrong } = parseLevels(field.value, viewer.prescription);
    const bad = wrong.length > 0 || !levels.length;
    field.setAttribute("aria-invalid", String(bad));
    put(find("own-wrong"), bad ? say("levels-wrong", { words: wrong.join(" ") || "-" }) : "");
    if (bad) {
      field.focus();
      return;
    }
    viewer.setLevels("own", levels);
    own.hidden = true;
    keep(levels, given);
  });
  own.querySelector("[type=button]").addEventListener("click", () => {
    own.hidden = true;
  });

  async function keep(levels, given) {
    const known = side.scene.about.levels;
    const address = known.save;
    if (!address) return;
    const token = root.dataset.token;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify({ own: given.values, unit: given.unit }) }).catch(() => null);
    if (answer?.ok) Object.assign(known, { own: levels, own_as: given });
    announce(say(answer?.ok ? "levels-kept" : "levels-not-kept"));
  }

  for (const name of ["isodoses", "structures"]) {
    for (const shown of [true, false]) {
      find(`${name}-${shown ? "all" : "none"}`).addEventListener("click", () => {
        if (name === "isodoses") viewer.everyLineShown(shown);
        else viewer.everyRoiShown(shown);
      });
    }
  }

  for (const button of find("tools").querySelectorAll("button")) {
    button.addEventListener("click", () => {
      viewer.tool = button.dataset.tool;
      for (const one of find("tools").querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
    });
  }

  find("copy").addEventListener("click", async () => {
    viewer.writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      announce(say("copied"));
    } catch {
      announce(say("copy-by-hand"));
    }
  });

  const announce = (words) => put(find("said"), words);
  viewer.announce = announce;
  find("speak").addEventListener("click", () => {
    const here = viewer.said(viewer.sides[0]);
    put(find("said"), "");
    requestAnimationFrame(() => announce(Object.values(here).join("; ")));
  });

  find("help-open").addEventListener("click", () => help.showModal());
  help.querySelector("button").addEventListener("click", () => help.close());
  find("table-toggle").addEventListener("click", (event) => {
    const shown = find("table-box").hidden;
    find("table-box").hidden = !shown;
    event.target.setAttribute("aria-expanded", String(shown));
    if (shown) fillTable(find("dvh-table"), viewer.curves(), viewer);
  });

  const acts = {
    slice: (steps) => viewer.scroll(viewer.active ?? side.panes[0], steps),
    end: (end) => viewer.toEnd(viewer.active ?? side.panes[0], end),
    zoom: (times) => (viewer.active ?? side.panes[0]).zoom(times),
    window: (n) => viewer.preset(n),
    help: () => help.showModal(),
    reset: () => viewer.reset(),
    measure: () => viewer.measuring.here(),
    unmeasure: () => viewer.measuring.clear(),
    ...Object.fromEntries(["wash", "lines", "beams", "structures"].map((name) => [name, () => toggle(name)])),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const { target } = event;
    const typing = target.matches(FIELDS) || document.querySelector("dialog[open]") !== null;
    const onControl = target.closest("[data-scrolls], input, a, summary") !== null;
    const act = actOf(event, { typing, onControl });
    if (!act) return;
    event.preventDefault();
    acts[act[0]](act[1]);
  });

  function worst() {
    const states = ["bad", "warn", "info"];
    const state = states.find((one) => side.scene.about.findings.some(({ level }) => level === one));
    find("worst").hidden = !state;
    if (state) {
      find("worst").className = `badge ${state}`;
      put(find("worst"), say(`state-${state}`));
    }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => viewer.relist());
  choices();
  worst();
  windows();
  viewer.relist();
}

const sameLevels = (a, b) => a.length === b?.length && a.every((gy, i) => gy === b[i]);

function fillChoice(select, options, chosen, act) {
  select.closest("label").hidden = options.length < 2;
  select.replaceChildren(...options.map(([value, words]) => element("option", { value, selected: value === chosen }, words)));
  select.addEventListener("change", () => act(select.value));
}

function put(box, words) {
  if (box && box.textContent !== words) box.textContent = words;
}
