import assert from "node:assert/strict";
import { openAsBlob, readFileSync } from "node:fs";
import { test } from "node:test";
import { ArchiveError, isArchive, membersOf } from "./upload/archive.js";
import { fingerprintOf } from "./upload/key.js";
import { factsOf } from "./upload/part10.js";

const told = JSON.parse(readFileSync("told.json"));

for (const [name, facts] of Object.entries(told.files))
  test(`facts of ${name}`, () => {
    const found = factsOf(new Uint8Array(readFileSync(name)));
    if (facts === null) assert.equal(found, null);
    else for (const [key, value] of Object.entries(facts)) assert.equal(found[key], value, `${name} ${key}`);
  });

test("bytes cut anywhere are read to their end and never beyond", () => {
  const bytes = new Uint8Array(readFileSync(told.cut));
  for (let at = 0; at < Math.min(bytes.length, 3000); at++) factsOf(bytes.slice(0, at));
});

test("a key has the fingerprint that Python gives it", async () => {
  assert.equal(await fingerprintOf(told.key.text), told.key.fingerprint);
  for (const wrong of ["", "planbank anonymise key 1\n00\n", told.key.text + "x"]) assert.equal(await fingerprintOf(wrong), null);
});

test("members of an archive are read whole", async () => {
  const blob = await openAsBlob("good.zip");
  assert.equal(await isArchive(blob), true);
  const members = await membersOf(blob);
  assert.deepEqual(members.map((one) => one.name).sort(), Object.keys(told.good).sort());
  for (const one of members) {
    assert.equal(one.refused, "");
    assert.equal(Buffer.from(await one.read()).toString("hex"), told.good[one.name]);
  }
});

test("what is hostile in an archive is refused by itself", async () => {
  const members = await membersOf(await openAsBlob("hostile.zip"));
  const refused = Object.fromEntries(members.map((one) => [one.name, one.refused]));
  assert.equal(refused.link, "link");
  assert.equal(refused.bomb, "bomb");
  assert.equal(refused.encrypted, "encrypted");
  assert.equal(refused["../../../../tmp/slipped.dcm"], "", "a name that leads nowhere is only a name");
});

test("a member that unpacks to more or less than it says is not taken", async () => {
  for (const name of ["more.zip", "less.zip"]) {
    const [member] = await membersOf(await openAsBlob(name));
    await assert.rejects(member.read(), ArchiveError, name);
  }
});

test("an archive that is cut, no archive, or all of a bomb is refused", async () => {
  for (const [name, why] of Object.entries(told.broken))
    await assert.rejects(
      (async () => membersOf(await openAsBlob(name)))(),
      (exc) => exc instanceof ArchiveError && exc.message === why,
      name,
    );
});
