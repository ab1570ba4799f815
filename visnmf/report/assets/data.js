// What the file holds, as numbers again.
const $ = (id) => document.getElementById(id);
const told = JSON.parse($('data').textContent);
const { view, parts, images } = told;
const size = view.height * view.width * view.channels;

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function rowsOf(packed) {
  const bytes = bytesOf(packed.values);
  const whole = packed.bits === 16 ? new Uint16Array(bytes.buffer) : bytes;
  const length = packed.scales.length ? whole.length / packed.scales.length : 0;
  return packed.scales.map((scale, k) => {
    const row = new Float32Array(length);
    for (let j = 0; j < length; j++) row[j] = whole[k * length + j] * scale;
    return row;
  });
}

const W = rowsOf(parts); // parts, a row each
const H = images ? rowsOf(images.encodings) : null; // of each part, how much each picture holds
const lengths = W.map((part) => Math.sqrt(dot(part, part)));
const bits = view.mask === null ? null : bytesOf(view.mask);
const kept = (p) => bits === null || (bits[p >> 3] >> (7 - (p & 7))) & 1;

function dot(a, b) {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
function largest(values) {
  let top = 0;
  for (const v of values) if (v > top) top = v;
  return top;
}
const total = (values) => values.reduce((a, b) => a + b, 0);
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const titleOf = (i) => images.names[i] + (images.labels ? ` (${images.labels[i]})` : '');
