// Streams of a bundle -> numbers (docs/reference/bundle.md). Nothing of the page is used: workers run it.

export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

const KINDS = { int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array };

// Little-endian numbers; with `predictor` "left", each is its difference to the one before in its row.
// Adding up wraps at the type's size, as the difference did. The buffer is used, not copied.
export function numbers(buffer, dtype, columns, predictor) {
  const values = new KINDS[dtype](buffer);
  if (predictor !== "left") return values;
  for (let row = 0; row + columns <= values.length; row += columns) {
    for (let i = row + 1; i < row + columns; i += 1) values[i] += values[i - 1];
  }
  return values;
}
