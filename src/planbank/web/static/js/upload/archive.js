// A zip archive, read in the browser and never unpacked to anywhere (APPNOTE 4.3). Comes in: a Blob. Goes out: its
// members, each with a size and a way to read it. Names lead nowhere: they are shown, not used. What says it holds
// far more than it can, is encrypted, a link, or lies outside the file, is refused before it is read.

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MOST = 500_000;
const LARGEST = 1024 ** 3;
const BOMB_FROM = 64 * 1024 ** 2;
const BOMB_RATIO = 250;

export class ArchiveError extends Error {}

/** Whether a Blob begins as a zip archive does. */
export async function isArchive(blob) {
  const start = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/** The members of an archive: {name, size, refused, read}. `refused`: a code, or "" where it may be read. */
export async function membersOf(blob) {
  const { count, at, size } = await endOf(blob);
  const bytes = new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
  if (bytes.length !== size) throw new ArchiveError("damaged");
  const view = new DataView(bytes.buffer);
  const found = [];
  let total = 0;
  for (let place = 0; place + 46 <= size && found.length < count; ) {
    if (view.getUint32(place, true) !== CENTRAL) throw new ArchiveError("damaged");
    const [nameLength, extra, comment] = [28, 30, 32].map((at) => view.getUint16(place + at, true));
    const name = new TextDecoder().decode(bytes.subarray(place + 46, place + 46 + nameLength));
    const member = {
      name,
      flags: view.getUint16(place + 8, true),
      method: view.getUint16(place + 10, true),
      packed: view.getUint32(place + 20, true),
      size: view.getUint32(place + 24, true),
      mode: view.getUint32(place + 38, true) >>> 16,
      at: view.getUint32(place + 42, true),
    };
    total += member.size;
    if (!name.endsWith("/")) found.push({ name, size: member.size, refused: refusal(member), read: () => read(blob, member) });
    place += 46 + nameLength + extra + comment;
  }
  if (total > 16 * BOMB_FROM && total > BOMB_RATIO * blob.size) throw new ArchiveError("bomb");
  return found;
}

async function endOf(blob) {
  const tail = Math.min(blob.size, 65_557);
  const view = new DataView(await blob.slice(blob.size - tail).arrayBuffer());
  for (let place = tail - 22; place >= 0; place--) {
    if (view.getUint32(place, true) !== END) continue;
    const count = view.getUint16(place + 10, true);
    const size = view.getUint32(place + 12, true);
    const at = view.getUint32(place + 16, true);
    if (count === 0xffff || at === 0xffffffff || size === 0xffffffff) throw new ArchiveError("zip64");
    if (count > MOST || at + size > blob.size) throw new ArchiveError("damaged");
    return { count, at, size };
  }
  throw new ArchiveError("damaged");
}

function refusal(member) {
  const kind = member.mode & 0xf000;
  if (kind === 0xa000) return "link";
  if (member.flags & 1) return "encrypted";
  if (member.size > LARGEST) return "too-large";
  if (member.method !== 0 && member.method !== 8) return "packing";
  if (member.size > BOMB_FROM && member.size > BOMB_RATIO * Math.max(member.packed, 1)) return "bomb";
  return "";
}

/** The bytes of a member, never more than it says it has. */
async function read(blob, member) {
  const head = new DataView(await blob.slice(member.at, member.at + 30).arrayBuffer());
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new ArchiveError("damaged");
  const start = member.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = blob.slice(start, start + member.packed);
  if (member.method === 0) {
    const bytes = new Uint8Array(await packed.arrayBuffer());
    if (bytes.length !== member.size) throw new ArchiveError("damaged");
    return bytes;
  }
  const out = new Uint8Array(member.size);
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let filled = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > member.size) throw new ArchiveError("bomb");
      out.set(value, filled);
      filled += value.length;
    }
  } catch (exc) {
    await reader.cancel().catch(() => {});
    throw exc instanceof ArchiveError ? exc : new ArchiveError("damaged");
  }
  if (filled !== member.size) throw new ArchiveError("damaged");
  return out;
}
