// Fetches a portion of slices and unpacks them, one message for each as soon as it is there.
import { inflate, numbers } from "./unpack.js";

self.addEventListener("message", async (event) => {
  const { address, slices, first, columns, predictor } = event.data;
  try {
    const from = slices[0][0];
    const to = slices[slices.length - 1][0] + slices[slices.length - 1][1];
    const answer = await fetch(address, { headers: { Range: `bytes=${from}-${to - 1}` } });
    if (!answer.ok) throw new Error(String(answer.status));
    const bytes = await answer.arrayBuffer();
    const start = answer.status === 206 ? from : 0;
    for (let i = 0; i < slices.length; i += 1) {
      const [offset, length] = slices[i];
      const values = numbers(await inflate(new Uint8Array(bytes, offset - start, length)), "int16", columns, predictor);
      self.postMessage({ slice: first + i, values }, [values.buffer]);
    }
    self.postMessage({ done: true });
  } catch (error) {
    self.postMessage({ failed: error.message });
  }
});
