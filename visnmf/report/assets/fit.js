// Encodings fitted again: the h >= 0 that makes |v - B h| least, by coordinate descent.
const SWEEPS = 1000, ENOUGH = 1e-6;

// Inner products of rows; known (a pixel each, or null) tells which pixels count
function gramOf(rows, known) {
  const seen = known === null ? rows : rows.map((row) => onlyKnown(row, known));
  const gram = rows.map(() => new Float64Array(rows.length));
  for (let a = 0; a < rows.length; a++) {
    for (let b = a; b < rows.length; b++) gram[a][b] = gram[b][a] = dot(seen[a], seen[b]);
  }
  return gram;
}

function onlyKnown(row, known) {
  return row.map((value, j) => known[Math.floor(j / view.channels)] ? value : 0);
}

// gram = B'B, pull = B'v; h is where it begins, and is changed
function descend(gram, pull, h) {
  const slope = pull.map((p, a) => dot(gram[a], h) - p);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0, size = 0;
    for (let a = 0; a < h.length; a++) {
      const curvature = gram[a][a];
      if (curvature === 0) continue;
      const step = Math.max(-h[a], -slope[a] / curvature);
      if (step !== 0) {
        h[a] += step;
        for (let b = 0; b < h.length; b++) slope[b] += step * gram[a][b];
      }
      moved = Math.max(moved, Math.abs(step) * Math.sqrt(curvature));
      size = Math.max(size, h[a] * Math.sqrt(curvature));
    }
    if (moved <= ENOUGH * size) break;
  }
  return h;
}
