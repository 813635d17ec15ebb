// Everything of an upload that takes time, away from the page: files are read, looked at, hashed and sent here.
// Comes in by message: {what: "begin", addresses, csrf, deidentified}, {what: "key", text}, {what: "files", files},
// {what: "hold"}, {what: "send"}, {what: "pause"}, {what: "go"}. Goes out: {what: "seen" | "came" | "problem" | "held" | "halted" | "idle",
// ...}. A file is held in memory only while it is looked at or sent; its name never leaves this machine. Where no identity
// may leave, files are de-identified here, and none is sent before "send".

import { isArchive, membersOf } from "./archive.js";
import { Refused } from "../deidentify/bytes.js";
import { Copier } from "./copier.js";
import { factsOf } from "./part10.js";
import { Halted, Sender } from "./sender.js";

const AT_ONCE = 3;
const ASKED_AT_ONCE = 100;
const PATIENT = /^[0-9]{3}-[2-9A-HJ-NP-Z]{8}$/;

const found = [];
const looked = [];
let sender = null;
let copier = null; // where no identity may leave
let held = false;
let working = false;
let looking = false;

const tell = (what, more) => postMessage({ what, ...more });
const hex = (buffer) => Array.from(new Uint8Array(buffer), (one) => one.toString(16).padStart(2, "0")).join("");

onmessage = ({ data }) => {
  if (data.what === "begin") {
    sender = new Sender(data.addresses, data.csrf);
    copier = data.deidentified ? new Copier(data.addresses.rules) : null;
    held = data.deidentified;
  } else if (data.what === "key") copier.useKey(data.text);
  else if (data.what === "hold") held = true;
  else if (data.what === "send") {
    held = false;
    send();
  } else if (data.what === "files") {
    found.push(...data.files);
    look();
  } else if (data.what === "pause") sender.pause();
  else if (data.what === "go") {
    sender.go();
    send();
  }
};

/** Look at every file that was chosen; what may leave is sent as soon as some are known. */
async function look() {
  if (looking) return;
  looking = true;
  while (found.length || copier?.waiting.length) {
    const late = !found.length;
    const { name, blob, ...file } = late ? copier.waiting.shift() : found.shift();
    try {
      if (late) await ready(name, file.read, file.facts, await copier.late(file));
      else if (await isArchive(blob)) await openArchive(name, blob);
      else await lookAt(name, blob.size, async () => new Uint8Array(await blob.arrayBuffer()));
    } catch (exc) {
      tell("problem", { name, why: exc.message || "unreadable" });
    }
    if (looked.length >= ASKED_AT_ONCE) send();
  }
  looking = false;
  send();
}

async function openArchive(name, blob) {
  for (const member of await membersOf(blob)) {
    const shown = `${name} / ${member.name}`;
    if (member.refused) tell("problem", { name: shown, why: member.refused });
    else
      try {
        await lookAt(shown, member.size, member.read);
      } catch (exc) {
        tell("problem", { name: shown, why: exc.message || "unreadable" });
      }
  }
}

async function lookAt(name, size, read) {
  const bytes = await read();
  const facts = factsOf(bytes);
  if (!facts) return tell("problem", { name, why: "not-dicom" });
  if (!facts.modality && !facts.patientId && /DICOMDIR$/i.test(name)) return tell("problem", { name, why: "directory" });
  if (!copier || facts.unread || (facts.removed === "YES" && PATIENT.test(facts.patientId))) {
    const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
    looked.push({ name, size, sha256, patient: facts.patientId, read });
    return tell("seen", { patient: facts.patientId, modality: facts.modality, size });
  }
  try {
    const copy = await copier.copyOf(bytes, { name, read, facts });
    return copy && (await ready(name, read, facts, copy));
  } catch (exc) {
    if (!(exc instanceof Refused)) throw exc;
    return tell("problem", { name, why: exc.message === "no-key" ? "identity" : "not-safe", detail: exc.message });
  }
}

/** A copy that may leave: it is made again when it is sent, so that none is held in memory. */
async function ready(name, read, facts, { bytes, who, patient, notes }) {
  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  looked.push({ name, size: bytes.length, sha256, patient, read: async () => copier.again(await read(), who) });
  tell("seen", { patient, modality: facts.modality, size: bytes.length, before: facts.patientId, notes });
}

/** Send what was looked at, some at once, those first asked about that may have come before. */
async function send() {
  if (held) {
    if (!looking && !found.length) tell("held", {});
    return;
  }
  if (working || !looked.length) {
    if (!working && !looking && !found.length) tell("idle", {});
    return;
  }
  working = true;
  try {
    while (looked.length && !held) {
      const batch = looked.slice(0, ASKED_AT_ONCE);
      const known = await sender.known(batch.map((one) => one.sha256));
      const queue = [...batch];
      const left = new Set(batch);
      const one = async () => {
        while (queue.length) {
          const file = queue.shift();
          const answer = known.has(file.sha256) ? { state: "kept", before: true } : await sender.send(file);
          tell("came", { name: file.name, patient: file.patient, size: file.size, ...answer });
          left.delete(file);
        }
      };
      const done = await Promise.allSettled(Array.from({ length: AT_ONCE }, one));
      looked.splice(0, batch.length, ...left);
      const failed = done.find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
    }
  } catch (exc) {
    tell("halted", { why: exc instanceof Halted ? exc.why : "lost" });
  } finally {
    working = false;
  }
  if (!looked.length && !looking && !found.length) tell("idle", {});
}
