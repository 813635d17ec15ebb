// The key file of an institution stays on its disk: only a fingerprint of it is sent. Comes in: the file that this page or
// `planbank anonymise --key` made. Goes out: 16 hexadecimal digits in the hidden field, and words beside it; the key itself
// is kept by this tab alone, until it is closed, for the page on which the files are chosen.

import { newKeyFile, secretIn } from "../deidentify/keys.js";

export const STORED_AS = "planbank key";
const HEAD = new TextEncoder().encode("planbank key fingerprint\0");

/** The fingerprint of a key file's text; null where it is none. */
export async function fingerprintOf(text) {
  const secret = secretIn(text);
  if (!secret) return null;
  const bytes = new Uint8Array(HEAD.length + secret.length);
  bytes.set(HEAD);
  bytes.set(secret, HEAD.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 8), (one) => one.toString(16).padStart(2, "0")).join("");
}

if (globalThis.document?.getElementById("begin-upload")) {
  const form = document.getElementById("begin-upload");
  const [choice, part, said] = [form.elements.institution, form.querySelector(".key-part"), form.querySelector(".key-said")];
  const clean = new Set(JSON.parse(form.dataset.clean).map(String));
  const show = () => {
    part.hidden = !clean.has(choice.value);
  };
  const make = form.querySelector(".key-make");
  const marked = new Set(JSON.parse(form.dataset.marked).map(String));
  const use = async (text, words) => {
    const mark = text ? await fingerprintOf(text) : null;
    form.elements.fingerprint.value = mark ?? "";
    if (mark) sessionStorage.setItem(STORED_AS, text);
    said.textContent = mark ? `${words} ${mark}` : form.dataset.wrong;
  };
  const offer = () => {
    make.hidden = marked.has(choice.value);
  };
  for (const act of [show, offer]) {
    choice.addEventListener("change", act);
    act();
  }
  form.querySelector("input[type=file]").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    await use(file && file.size < 4096 ? await file.text() : "", form.dataset.said);
  });
  make.addEventListener("click", async () => {
    const text = newKeyFile();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = "planbank-key.txt";
    link.click();
    URL.revokeObjectURL(link.href);
    await use(text, form.dataset.made);
  });
}
