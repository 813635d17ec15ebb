// De-identification in the browser, file by file, under the key of the institution (R19). Comes in: bytes of files. Goes out:
// copies, byte for byte those of `planbank anonymise --profile foreign` under the same key. Throws Refused.

import { Refused } from "../deidentify/bytes.js";
import { CopyKey, secretIn } from "../deidentify/keys.js";
import { Tables } from "../deidentify/tables.js";
import { templateOf } from "../deidentify/template.js";

export class Copier {
  constructor(rules) {
    this.tables = fetch(rules, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) throw new Error("rules");
      return new Tables(await answer.json());
    });
    this.tables.catch(() => {});
    this.key = null;
    this.studies = new Map(); // who the patient of a study is, by objects that name the patient's ID
    this.waiting = []; // files without a patient ID, until all others of their study were seen
  }

  useKey(text) {
    this.key = CopyKey.of(secretIn(text));
  }

  /** The copy of a file: {bytes, who, patient, notes}; null where it waits for the others of its study. */
  async copyOf(bytes, file) {
    if (!this.key) throw new Refused("no-key");
    const template = templateOf(bytes, await this.tables);
    if (!template.identity.startsWith("id")) {
      this.waiting.push({ ...file, study: template.study, identity: template.identity });
      return null;
    }
    if (!this.studies.has(template.study)) this.studies.set(template.study, template.identity);
    return this.made(template, template.identity);
  }

  /** The copy of a file that waited. */
  async late({ read, study, identity }) {
    if (!this.studies.has(study)) this.studies.set(study, identity);
    return this.made(templateOf(await read(), await this.tables), this.studies.get(study));
  }

  /** The same copy once more. */
  async again(bytes, who) {
    return templateOf(bytes, await this.tables).render(await this.key, who);
  }

  async made(template, who) {
    const key = await this.key;
    const [bytes, { patientId }] = await Promise.all([template.render(key, who), key.patient(who)]);
    return { bytes, who, patient: patientId, notes: [...template.notes] };
  }
}
