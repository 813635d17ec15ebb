// Where a beam comes from, in patient coordinates (IEC 61217, DICOM PS3.3 C.8.8.14.12).

// IEC table top (y to the gantry, z up, x so that the three are right-handed) -> patient LPS, one row for
// each of x, y and z, by Patient Position (0018,5100).
const TURNS = {
  HFS: [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
  HFP: [[-1, 0, 0], [0, 0, 1], [0, 1, 0]],
  FFS: [[-1, 0, 0], [0, 0, -1], [0, -1, 0]],
  FFP: [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
  HFDR: [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
  HFDL: [[0, 0, -1], [-1, 0, 0], [0, 1, 0]],
  FFDR: [[0, 0, 1], [-1, 0, 0], [0, -1, 0]],
  FFDL: [[0, 0, -1], [1, 0, 0], [0, -1, 0]],
};

// Unit vector from the isocentre to the source, angles in degrees; null for an unknown position.
export function towardsSource(gantry, couch, position) {
  const turn = TURNS[position];
  if (!turn || !Number.isFinite(gantry)) return null;
  const [g, s] = [gantry, couch || 0].map((degrees) => (degrees * Math.PI) / 180);
  const table = [Math.sin(g) * Math.cos(s), -Math.sin(g) * Math.sin(s), Math.cos(g)];
  return turn.map((row) => row[0] * table[0] + row[1] * table[1] + row[2] * table[2]);
}

// Gantry angles to draw: one, or those of an arc every 5 degrees from start to stop.
export function anglesOf(beam) {
  if (!Array.isArray(beam.gantry)) return [beam.gantry];
  if (beam.gantry.length !== 2 || !beam.arc) return beam.gantry;
  const count = Math.max(Math.ceil(beam.arc / 5), 1);
  const turn = (beam.direction === "CC" ? -1 : 1) * beam.arc;
  return Array.from({ length: count + 1 }, (_, i) => beam.gantry[0] + (turn * i) / count);
}
