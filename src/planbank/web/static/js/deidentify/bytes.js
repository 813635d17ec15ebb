// Bytes and text, one letter a byte where a value is looked at (latin-1), as planbank.deidentify does.

const PIECE = 8192;

/** Bytes as text, each byte a letter. */
export function latin(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** Text of letters below 256 as bytes. */
export function bytesOf(text) {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) out[i] = text.charCodeAt(i);
  return out;
}

/** Without spaces and zeros at both ends. */
export const stripped = (text) => text.replace(/^[ \0]+|[ \0]+$/g, "");

/** One after the other. */
export function joined(pieces) {
  const out = new Uint8Array(pieces.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of pieces) {
    out.set(one, at);
    at += one.length;
  }
  return out;
}

export const isAscii = (text) => !/[^\x00-\x7f]/.test(text);

/** What cannot be made safe, in words; nothing of it leaves. */
export class Refused extends Error {}
