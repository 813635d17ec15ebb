// Copies of files as a browser makes them: node copy.mjs TABLES KEYFILE IN OUT. Writes OUT/name, or OUT/name.refused.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CopyKey, secretIn } from "./deidentify/keys.js";
import { Refused } from "./deidentify/bytes.js";
import { Tables } from "./deidentify/tables.js";
import { templateOf } from "./deidentify/template.js";

const [tables, keyFile, from, to] = process.argv.slice(2);
const rules = new Tables(JSON.parse(readFileSync(tables, "utf8")));
const key = await CopyKey.of(secretIn(readFileSync(keyFile, "utf8")));
mkdirSync(to);
for (const name of readdirSync(from)) {
  try {
    const read = readFileSync(join(from, name));
    const made = templateOf(new Uint8Array(read.buffer, read.byteOffset, read.length), rules);
    writeFileSync(join(to, name), await made.render(key));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    writeFileSync(join(to, `${name}.refused`), error.message);
  }
}
