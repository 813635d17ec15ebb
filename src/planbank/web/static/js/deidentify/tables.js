// The rules, as the server's own table has them (planbank.deidentify.browser). Comes in: its JSON. Goes out: what is done to
// which attribute, which attributes an object has, words and codes that tell of nobody.

import { stripped } from "./bytes.js";

const STRICTEST = ["1", "1C", "2", "2C", "3"];
const OLD_SNOMED = new Set(["SRT", "SNM3", "99SDM"]);
const TARGET = new RegExp(
  "^(?:[zx_]?(?:IGTV|ICTV|GTV|CTV|ITV|PTV)(?:sb|par|vas|p|n|m|v|t)?\\d{0,2}" +
    "(?:[ _-]?(?:High|Mid|Low|Boost|Eval|Opt|L|R))?" +
    "(?:[ _-]?\\d{1,4}(?:[.p]\\d{1,2})?(?:c?Gy)?(?:x\\d{1,2})?)?" +
    "(?:[ _-]?(?:High|Mid|Low|Boost|Eval|Opt|L|R))?)$",
  "i",
);
const MARGIN = /^(.+?)[ _-]?PRV(?:[ _-]?\d{1,2}(?: ?mm)?)?(?:_[LR])?$/i;

export class Tables {
  constructor(json) {
    this.json = json;
    this.terms = new Set(["", ...json.terms]);
    this.names = new Set(json.names);
    this.uids = new Set(json.uids);
    this.iods = new Map();
    this.allowed = new Map();
  }

  /** The VR of a tag, "" where the dictionary has none. */
  vrOf(tag) {
    return this.json.dictionary[tag]?.[0] ?? "";
  }

  /** How many values the dictionary allows; 0 for any number. */
  mostOf(tag) {
    return this.json.dictionary[tag]?.[1] ?? 1;
  }

  /** The code of the table under the profile; "" where it does not name the tag. */
  action(tag) {
    return this.json.actions[tag] ?? "";
  }

  /** The code of the Basic Profile. */
  basic(tag) {
    return this.json.basic[tag] ?? "X/Z/D";
  }

  /** The definition of a storage class: {name, types, tags}; null for one that cannot be made safe here. */
  iodOf(sopClass) {
    const row = this.json.classes[sopClass];
    if (!row) return null;
    if (!this.iods.has(sopClass)) {
      const types = new Map();
      for (const module of row.modules) {
        for (const [inside, tag, kind] of this.json.modules[module] ?? []) {
          const key = `${inside} ${tag}`;
          const held = types.get(key) ?? "3";
          types.set(key, STRICTEST.indexOf(kind) < STRICTEST.indexOf(held) ? kind : held);
        }
      }
      const tags = new Set([...types.keys()].map((key) => Number(key.split(" ")[1])));
      for (const tag of [...(this.json.formerly[row.iod] ?? []), ...this.json.formerly[""]]) tags.add(tag);
      this.iods.set(sopClass, { name: row.iod, typeOf: (inside, tag) => types.get(`${inside} ${tag}`) ?? "", tags });
    }
    return this.iods.get(sopClass);
  }

  isTerm(part) {
    return this.terms.has(stripped(part));
  }

  /** The published meaning of a code; null for a code of somebody's own. */
  meaningOf(scheme, value) {
    const [of, code] = OLD_SNOMED.has(scheme) ? ["SCT", this.json.old[value] ?? ""] : [scheme, value];
    return this.json.codes[of]?.[code] ?? null;
  }

  /** Whether a name is a word of the field, or empty. */
  allows(name) {
    if (!this.allowed.has(name)) this.allowed.set(name, !name.trim() || this.isStandard(name));
    return this.allowed.get(name);
  }

  isStandard(name) {
    const plain = normal(name);
    const folded = plain.toLowerCase().replaceAll("ß", "ss").normalize("NFC");
    if (this.names.has(folded) || TARGET.test(plain)) return true;
    const margin = MARGIN.exec(folded);
    return margin !== null && this.names.has(margin[1]);
  }
}

const normal = (name) => name.normalize("NFC").replaceAll("\u00a0", " ").trim();
