// Sending one file, as often as it takes. Comes in: a file with its hash. Goes out: what the bank says of it. A line
// that breaks is tried again, later and later; what a person has to do something about halts everything and says so.

const TRIES = 6;
const FIRST = 500;
const LONGEST = 20_000;

/** Nothing more goes until somebody acts. `why`: paused, signed-out, ended, lost. */
export class Halted extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

export class Sender {
  constructor(addresses, csrf) {
    this.addresses = addresses;
    this.csrf = csrf;
    this.paused = false;
    this.aborts = new Set();
  }

  pause() {
    this.paused = true;
    for (const abort of this.aborts) abort.abort();
  }

  go() {
    this.paused = false;
  }

  /** Which of these hashes the bank has already. */
  async known(hashes) {
    const body = JSON.stringify({ hashes });
    const answer = await this.#ask(this.addresses.known, () => body, { "Content-Type": "application/json" });
    return new Set(answer.known);
  }

  /** Send one file: {state, why, detail, tags}. */
  async send(file) {
    const headers = { "Content-Type": "application/octet-stream", "X-Sha256": file.sha256 };
    return this.#ask(this.addresses.file, () => file.read(), headers);
  }

  async #ask(address, body, headers) {
    for (let tried = 0; ; tried++) {
      if (this.paused) throw new Halted("paused");
      const answer = await this.#once(address, await body(), headers);
      if (answer?.ok) return answer.json();
      if (answer?.status === 0 || answer?.status === 403) throw new Halted("signed-out");
      if (answer?.status === 409 || answer?.status === 404) throw new Halted("ended");
      if (tried + 1 >= TRIES) throw new Halted("lost");
      await new Promise((wake) => setTimeout(wake, Math.min(FIRST * 2 ** tried, LONGEST)));
    }
  }

  /** The answer; undefined where the line broke. A redirection (to the sign-in page) has status 0. */
  async #once(address, body, headers) {
    const abort = new AbortController();
    this.aborts.add(abort);
    try {
      return await fetch(address, {
        method: "POST",
        body,
        headers: { ...headers, "X-CSRFToken": this.csrf },
        redirect: "manual",
        credentials: "same-origin",
        signal: abort.signal,
      });
    } catch {
      if (this.paused) throw new Halted("paused");
      return undefined;
    } finally {
      this.aborts.delete(abort);
    }
  }
}
