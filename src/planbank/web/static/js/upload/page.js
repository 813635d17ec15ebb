// The page of one upload: what was chosen, how far it is, what did not go and why. Comes in: a drop, an input, the
// worker's messages. Goes out: rows of tables. It is drawn at most ten times a second, whatever happens behind.

import { Before } from "./before.js";
import { chosen, dropped } from "./choosing.js";
import { TrialIds } from "./trial.js";

const box = document.getElementById("upload");
const words = JSON.parse(box.dataset.words);
const [bar, said, patients, problems] = ["bar", "said", "patients", "problems"].map((id) =>
  document.getElementById(`upload-${id}`),
);
const [pause, go] = ["pause", "go"].map((id) => document.getElementById(`upload-${id}`));
const [filed, again] = ["filed", "again"].map((id) => document.getElementById(`upload-${id}`));
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const people = new Map();
const count = { seen: 0, came: 0, refused: 0, left: 0, bytes: 0, all: 0 };
let halted = "";
let timer = 0;
let busy = false;
let following = false;
// Where no identity may leave: what is done to the files, shown before any is sent.
const trial = new TrialIds(box, words);
const before = box.dataset.deidentified ? new Before(box, words, worker, trial, () => draw()) : null;
if (!before) trial.open();

worker.postMessage({
  what: "begin",
  addresses: JSON.parse(box.dataset.addresses),
  csrf: box.querySelector("[name=csrfmiddlewaretoken]").value,
  deidentified: box.dataset.deidentified === "yes",
});

worker.onmessage = ({ data }) => {
  if (data.what === "seen") {
    count.seen += 1;
    count.all += data.size;
    person(data.patient).seen += 1;
    before?.add(data);
  } else if (data.what === "came") {
    count.came += 1;
    count.bytes += data.size;
    const row = person(data.patient);
    if (data.state === "refused") {
      count.refused += 1;
      row.refused += 1;
      problem(data.name, [data.why, data.detail, data.tags?.join(", ")].filter(Boolean).join(" "));
    } else row.kept += 1;
  } else if (data.what === "problem") {
    count.left += 1;
    const more = data.why === "not-safe" ? ` ${data.detail}` : "";
    problem(data.name, (words.problems[data.why] ?? words.problems.unreadable) + more);
  } else if (data.what === "held") {
    busy = false;
    before.isReady = true;
  } else if (data.what === "halted") halted = data.why;
  else if (data.what === "idle") busy = false;
  draw();
};
worker.onerror = () => {
  halted = "broken";
  draw();
};

/** When all came: how much of it register has filed by now. */
async function follow() {
  following = true;
  const { state } = JSON.parse(box.dataset.addresses);
  for (;;) {
    const answer = await fetch(state, { credentials: "same-origin", redirect: "manual" }).catch(() => null);
    const told = answer?.ok ? await answer.json() : null;
    filed.textContent = told?.waiting ? words.filing.replace("{n}", told.waiting) : told ? words.filed : "";
    again.hidden = !told || told.waiting > 0;
    if (!told?.waiting) break;
    await new Promise((wake) => setTimeout(wake, 2000));
  }
  following = false;
}

/** Choose files: a portion at a time, so that the page stays alive. */
async function take(portions) {
  halted = "";
  busy = true;
  before?.hold();
  for await (const files of portions) {
    worker.postMessage({ what: "files", files });
    await new Promise((wake) => setTimeout(wake));
  }
  draw();
}

function person(id) {
  if (!people.has(id)) people.set(id, { seen: 0, kept: 0, refused: 0, row: null });
  return people.get(id);
}

function problem(name, why) {
  problems.closest("section").hidden = false;
  if (problems.children.length >= 200) return;
  const row = document.createElement("tr");
  row.append(cell("th", name, "a1"), cell("td", why, "prose all"));
  problems.append(row);
}

function cell(kind, text, classes) {
  const one = document.createElement(kind);
  if (kind === "th") one.scope = "row";
  one.className = classes;
  one.textContent = text;
  return one;
}

/** Soon: one drawing for all that happens until then. */
function draw() {
  timer ||= setTimeout(drawn, 100);
}

function drawn() {
  timer = 0;
  before?.draw(fill(before.isReady && !busy ? words.held : words.holding), !busy && count.seen > 0);
  bar.max = Math.max(count.seen, 1);
  bar.value = count.came;
  const done = !busy && !halted && count.seen + count.left > 0 && count.came === count.seen;
  said.textContent = halted ? words.halted[halted] : done ? fill(count.seen ? words.done : words.nothing) : count.seen ? fill(words.going) : words.begin;
  said.className = halted ? "warn-text" : "";
  pause.hidden = !!halted || done || !count.seen;
  go.hidden = !halted || halted === "ended";
  box.querySelector(".upload-progress").hidden = (!count.seen && !busy) || before?.holds;
  for (const [id, one] of people) {
    if (!one.row) {
      one.row = patients.insertRow();
      one.row.append(cell("th", id || words.nobody, "a1"), ...["num a2", "num", "num"].map((name) => cell("td", "", name)));
      if (!before) trial.ask(one.row, id);
    }
    [one.seen, one.kept, one.refused].forEach((n, at) => {
      const place = one.row.cells[at + 1];
      if (place.textContent !== String(n)) place.textContent = n;
    });
  }
  patients.closest("section").hidden = !people.size;
  if (done && count.seen && !following) follow();
  document.documentElement.dataset.upload = done ? "done" : halted ? "halted" : busy ? "busy" : "";
}

const fill = (text) =>
  text.replace("{came}", count.came).replace("{seen}", count.seen).replace("{refused}", count.refused)
    .replace("{mb}", (count.bytes / 1e6).toFixed(1)).replace("{all}", (count.all / 1e6).toFixed(1));

for (const input of box.querySelectorAll("input[type=file]"))
  input.addEventListener("change", () => {
    take(chosen(input));
  });
const zone = box.querySelector(".drop-zone");
for (const name of ["dragenter", "dragover"])
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
zone.addEventListener("dragleave", () => zone.classList.remove("over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  take(dropped(event.dataTransfer));
});
again.addEventListener("click", () => location.reload());
pause.addEventListener("click", () => worker.postMessage({ what: "pause" }));
go.addEventListener("click", () => {
  halted = "";
  worker.postMessage({ what: "go" });
  draw();
});
addEventListener("beforeunload", (event) => {
  if (busy || (count.seen > count.came && !halted)) event.preventDefault();
});
if (!globalThis.isSecureContext) {
  halted = "insecure";
  draw();
}
