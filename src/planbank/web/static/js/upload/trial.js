// What a trial calls each patient, asked with the files. Comes in: a row of a table and the patient ID that is sent. Goes out:
// a field in the row, and what was written in it to the bank: not before anything else may leave, then with each change.

export class TrialIds {
  constructor(box, words) {
    this.given = box.dataset.trial ? JSON.parse(box.dataset.trial) : null;
    [this.words, this.address] = [words, JSON.parse(box.dataset.addresses)["trial-ids"]];
    this.csrf = box.querySelector("[name=csrfmiddlewaretoken]").value;
    this.fields = new Map();
    this.changed = new Set();
    this.isOpen = false;
  }

  /** A cell with the field of a patient, where the upload is for a protocol. */
  ask(row, patient) {
    if (!this.given) return;
    const field = document.createElement("input");
    field.value = this.given[patient] ?? "";
    field.maxLength = 64;
    field.autocomplete = "off";
    field.setAttribute("aria-label", this.words["trial-id"].replace("{patient}", patient || this.words.nobody));
    field.disabled = !patient;
    const said = document.createElement("span");
    said.className = "warn-text";
    said.setAttribute("role", "status");
    field.addEventListener("change", () => {
      this.changed.add(patient);
      if (this.isOpen) this.send();
    });
    this.fields.set(patient, { field, said });
    const cell = row.insertCell();
    cell.className = "trial-id b2";
    cell.append(field, said);
  }

  /** From now on what is written goes to the bank. */
  open() {
    this.isOpen = true;
    return this.send();
  }

  async send() {
    if (!this.given || !this.changed.size) return;
    const sent = [...this.changed];
    this.changed.clear();
    const ids = Object.fromEntries(sent.map((one) => [one, this.fields.get(one).field.value.trim()]));
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.csrf };
    const asked = { method: "POST", headers, credentials: "same-origin", redirect: "manual", body: JSON.stringify({ ids }) };
    const answer = await fetch(this.address, asked).catch(() => null);
    const told = answer?.ok ? await answer.json() : null;
    if (!told) for (const one of sent) this.changed.add(one);
    for (const one of sent) {
      const { field, said } = this.fields.get(one);
      said.textContent = told ? (told.wrong[one] ?? "") : this.words["trial-ids-lost"];
      field.toggleAttribute("aria-invalid", !told || one in told.wrong);
    }
  }
}
