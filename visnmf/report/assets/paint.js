// Values to pixels: gray or color, or diverging colors (blue below zero, red above).
function blank(label) {
  const canvas = document.createElement('canvas');
  canvas.width = view.width; canvas.height = view.height;
  canvas.setAttribute('role', 'img'); canvas.setAttribute('aria-label', label);
  return canvas;
}
function fill(canvas, colorOf) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const pixels = context.createImageData(view.width, view.height);
  for (let p = 0; p < view.width * view.height; p++) {
    if (!kept(p)) continue;
    colorOf(p, pixels.data, 4 * p);
    pixels.data[4 * p + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
function paint(canvas, values, white) {
  const c = view.channels;
  fill(canvas, (p, out, at) => {
    for (let i = 0; i < 3; i++) out[at + i] = Math.round(255 * values[p * c + (c === 3 ? i : 0)] / white);
  });
}
function paintSigned(canvas, values, peak) {
  const c = view.channels;
  fill(canvas, (p, out, at) => {
    let sum = 0;
    for (let i = 0; i < c; i++) sum += values[p * c + i];
    const unit = Math.max(-1, Math.min(1, sum / c / peak));
    const [r, g, b] = unit < 0 ? [33, 102, 172] : [178, 24, 43];
    const share = Math.abs(unit);
    [r, g, b].forEach((end, i) => { out[at + i] = Math.round(247 + (end - 247) * share); });
  });
}
