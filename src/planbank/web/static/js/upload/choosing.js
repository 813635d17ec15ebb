// Files that were dropped or chosen: folders are walked, names kept for the page alone. Comes in: a drop or an input.
// Goes out: [{name, blob}] in portions, so that thousands of files hold nothing up.

const PORTION = 50;

/** Files of an input, folder or not. */
export function* chosen(input) {
  const { files } = input;
  for (let at = 0; at < files.length; at += PORTION) {
    const some = Array.from({ length: Math.min(PORTION, files.length - at) }, (_, n) => files[at + n]);
    yield some.map((blob) => ({ name: blob.webkitRelativePath || blob.name, blob }));
  }
}

/** Files of a drop. The entries are taken at once, since a drop is gone after the event. */
export async function* dropped(transfer) {
  const waiting = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  let portion = [];
  while (waiting.length) {
    const entry = waiting.shift();
    if (entry.isDirectory) waiting.push(...(await childrenOf(entry)));
    else portion.push({ name: entry.fullPath.slice(1), blob: await fileOf(entry) });
    if (portion.length >= PORTION) {
      yield portion;
      portion = [];
    }
  }
  if (portion.length) yield portion;
}

async function childrenOf(entry) {
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((take, fail) => reader.readEntries(take, fail));
    if (!some.length) return all;
    all.push(...some);
  }
}

const fileOf = (entry) => new Promise((take, fail) => entry.file(take, fail));
