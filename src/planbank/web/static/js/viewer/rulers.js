// Distances that people measure: two points of the patient each, in mm. Pure.
import { number, say } from "./words.js";

export const MOST = 9;

export const lengthOf = ({ from, to }) => Math.hypot(...from.map((mm, i) => to[i] - mm));

// '12.3 mm'.
export const wordsOf = (ruler) => say("distance", { mm: number(lengthOf(ruler), 1) });

// Rulers as numbers for the address, and back; what is no six numbers counts as not said.
export const flat = (rulers) => rulers.flatMap(({ from, to }) => [...from, ...to]);

export function rulersOf(numbers) {
  const whole = Math.min(Math.floor((numbers?.length ?? 0) / 6), MOST);
  return Array.from({ length: whole }, (_, i) => {
    const six = numbers.slice(6 * i, 6 * i + 6);
    return { from: six.slice(0, 3), to: six.slice(3) };
  });
}
