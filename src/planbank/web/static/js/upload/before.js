// What de-identification does, shown before anything leaves, and the key it is done by. Comes in: what the worker tells of each
// file. Goes out: rows of tables, the key and the word "send" to the worker. Who is who stays in this page.

import { STORED_AS, fingerprintOf } from "./key.js";

export class Before {
  constructor(box, words, worker, trial, changed) {
    Object.assign(this, { box, words, worker, trial });
    this.pairs = new Map();
    this.notes = new Map();
    this.isReady = false; // all that was chosen is de-identified
    this.holds = true; // nothing is sent
    [this.section, this.rows, this.list, this.said, this.button] = ["before", "pairs", "notes", "held", "send"].map((id) =>
      document.getElementById(`upload-${id}`),
    );
    this.button.addEventListener("click", () => {
      this.holds = false;
      trial.open();
      this.worker.postMessage({ what: "send" });
      changed();
    });
    this.askForKey();
  }

  /** More files come: they are shown too before they go. */
  hold() {
    this.holds = true;
    this.isReady = false;
    this.worker.postMessage({ what: "hold" });
  }

  add({ before = "", patient, notes = [] }) {
    const key = `${before}\n${patient}`;
    if (!this.pairs.has(key)) {
      const row = this.rows.insertRow();
      for (const [kind, text, classes] of [["th", before || this.words.nobody, "a1"], ["td", patient, "b1"], ["td", "", "num a2"]]) {
        const cell = document.createElement(kind);
        if (kind === "th") cell.scope = "row";
        cell.className = classes;
        cell.textContent = text;
        row.append(cell);
      }
      this.trial.ask(row, patient);
      this.pairs.set(key, { row, files: 0 });
    }
    this.pairs.get(key).files += 1;
    for (const [note, times] of notes) this.notes.set(note, (this.notes.get(note) ?? 0) + times);
  }

  draw(words, mayGo) {
    this.section.hidden = !this.pairs.size;
    for (const { row, files } of this.pairs.values()) row.cells[2].textContent = files;
    const kinds = new Map();
    for (const [note, times] of [...this.notes].sort()) {
      const [what, name] = note.split("|");
      const said = this.words.did[what] ?? what;
      kinds.set(said, [...(kinds.get(said) ?? []), `${name} ${times}`.trim()]);
    }
    this.list.replaceChildren(
      ...[...kinds].map(([said, names]) => {
        const line = document.createElement("li");
        line.textContent = `${said}: ${names.join(", ")}`;
        return line;
      }),
    );
    this.said.textContent = this.holds ? words : "";
    this.button.hidden = !this.holds;
    this.button.disabled = !this.isReady || !mayGo;
  }

  // The key that was chosen in this tab, if it is the institution's; else the file is asked for.
  askForKey() {
    const choice = document.getElementById("upload-key");
    const wrong = document.getElementById("upload-key-said");
    const use = async (text) => {
      const mark = text ? await fingerprintOf(text) : null;
      const fits = mark !== null && (!this.box.dataset.mark || mark === this.box.dataset.mark);
      choice.hidden = fits;
      if (fits) this.worker.postMessage({ what: "key", text });
      else if (text) wrong.textContent = this.words[mark ? "key-wrong" : "no-key"];
    };
    choice.querySelector("input").addEventListener("change", async ({ target }) => {
      const [file] = target.files;
      await use(file && file.size < 4096 ? await file.text() : "-");
    });
    use(sessionStorage.getItem(STORED_AS) ?? "");
  }
}
