// What the file holds, as numbers again.
const told = JSON.parse(document.getElementById('data').textContent);
const { view, parts, images } = told;
const $ = (id) => document.getElementById(id);
const size = view.height * view.width * view.channels;
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
function rowsOf(packed) {
  const bytes = bytesOf(packed.values);
  const whole = packed.bits === 16 ? new Uint16Array(bytes.buffer) : bytes;
  const length = packed.scales.length ? whole.length / packed.scales.length : 0;
  return packed.scales.map((scale, k) =>
    Float32Array.from(whole.subarray(k * length, (k + 1) * length), (q) => q * scale));
}
if (images && images.labels) images.names = images.names.map((name, i) => `${name} (${images.labels[i]})`);
const W = rowsOf(parts);
const H = images ? rowsOf(images.encodings) : null;
const bits = view.mask === null ? null : bytesOf(view.mask);
const kept = (p) => bits === null || (bits[p >> 3] >> (7 - (p & 7))) & 1;
