// The key file of an institution stays on its disk: only a fingerprint of it is put into the form. Comes in: the file
// that `planbank anonymise --key` made. Goes out: 16 hexadecimal digits in the hidden field, and words beside it.

const LINES = /^planbank anonymise key 1\n([0-9a-f]{64})\n$/;
const HEAD = new TextEncoder().encode("planbank key fingerprint\0");

/** The fingerprint of a key file's text; null where it is none. */
export async function fingerprintOf(text) {
  const found = LINES.exec(text);
  if (!found) return null;
  const secret = Uint8Array.from(found[1].match(/../g), (pair) => Number.parseInt(pair, 16));
  const bytes = new Uint8Array(HEAD.length + secret.length);
  bytes.set(HEAD);
  bytes.set(secret, HEAD.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 8), (one) => one.toString(16).padStart(2, "0")).join("");
}

if (globalThis.document) {
  const form = document.getElementById("begin-upload");
  const [choice, part, said] = [form.elements.institution, form.querySelector(".key-part"), form.querySelector(".key-said")];
  const clean = new Set(JSON.parse(form.dataset.clean).map(String));
  const show = () => {
    part.hidden = !clean.has(choice.value);
  };
  choice.addEventListener("change", show);
  show();
  form.querySelector("input[type=file]").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    const mark = file && file.size < 4096 ? await fingerprintOf(await file.text()) : null;
    form.elements.fingerprint.value = mark ?? "";
    said.textContent = mark ? `${form.dataset.said} ${mark}` : form.dataset.wrong;
  });
}
