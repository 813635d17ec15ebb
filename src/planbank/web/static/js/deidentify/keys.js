// What makes the identities of one copy, and of no other: keyed hashes (HMAC-SHA-256) of the old ones, byte for byte those
// of planbank.deidentify.keys. Comes in: the secret of a key file. Goes out: UIDs, patient IDs, birth dates, shifts of days.

const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const SMALLEST = 10n ** 38n;
const HEAD = "planbank anonymise key 1";
const FILE = new RegExp(`^${HEAD}\\n([0-9a-f]{64})\\n$`);
const UTF8 = new TextEncoder();

/** The 32 bytes in the text of a key file; null where it is none. */
export function secretIn(text) {
  const found = FILE.exec(text);
  return found && Uint8Array.from(found[1].match(/../g), (pair) => Number.parseInt(pair, 16));
}

/** The text of a new key file. */
export function newKeyFile() {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  return `${HEAD}\n${Array.from(secret, (one) => one.toString(16).padStart(2, "0")).join("")}\n`;
}

const keyed = (secret) => crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
const hmac = async (key, bytes) => new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));

export class CopyKey {
  /** The identities of copy `number` under a secret. */
  static async of(secret, number = 1) {
    const own = await hmac(await keyed(secret), UTF8.encode(`copy\0${number}`));
    return new CopyKey(await keyed(own), number);
  }

  constructor(key, number) {
    this.key = key;
    this.number = number;
    this.uids = new Map();
    this.patients = new Map();
  }

  /** The UID that stands for another one here: a UUID of version 8 as a decimal number of 39 digits. */
  uid(original) {
    if (!this.uids.has(original)) this.uids.set(original, this.newUid(original));
    return this.uids.get(original);
  }

  /** Who the patient of that identity is here: {patientId, birthDate, days}. */
  patient(identity) {
    if (!this.patients.has(identity)) this.patients.set(identity, this.newPatient(identity));
    return this.patients.get(identity);
  }

  /** Letters and digits that tell one thing from another within the copy. */
  async tell(purpose, of, length) {
    return letters(await this.digest(purpose, of), length);
  }

  async newUid(original) {
    for (let attempt = 0; attempt < 256; attempt += 1) {
      let number = numberOf(await this.digest(`uid ${attempt}`, original));
      number = (number & ~(0xfn << 76n)) | (8n << 76n);
      number = (number & ~(0x3n << 62n)) | (2n << 62n);
      if (number >= SMALLEST) return `2.25.${number}`;
    }
    throw new Error("No UID could be made.");
  }

  async newPatient(identity) {
    const digest = await this.digest("patient", identity);
    const start = `${String(this.number).padStart(3, "0")}-`;
    const view = new DataView(digest.buffer, digest.byteOffset);
    const born = new Date(Date.UTC(1930, 0, 1 + (view.getUint32(16) % 18_000)));
    return {
      patientId: start + letters(digest, 12 - start.length),
      birthDate: born.toISOString().slice(0, 10).replaceAll("-", ""),
      days: -(731 + (view.getUint32(20) % 3653)),
    };
  }

  digest(purpose, text) {
    return hmac(this.key, UTF8.encode(`${purpose}\0${text}`));
  }
}

const numberOf = (digest) => digest.subarray(0, 16).reduce((sum, one) => (sum << 8n) | BigInt(one), 0n);

function letters(digest, length) {
  const number = numberOf(digest);
  return Array.from({ length }, (_, place) => LETTERS[Number((number >> BigInt(5 * place)) & 31n)]).join("");
}
