// Values to pixels: gray or color, or diverging colors (blue below zero, red above).
function blank(label) {
  const told = label ? { role: 'img', 'aria-label': label } : UNSEEN; // words beside it tell all
  const canvas = make('canvas', told);
  canvas.width = view.width;
  canvas.height = view.height;
  return canvas;
}

function fill(canvas, colorOf, shows = kept) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const pixels = context.createImageData(view.width, view.height);
  for (let p = 0; p < view.width * view.height; p++) {
    if (!shows(p)) continue;
    colorOf(p, pixels.data, 4 * p);
    pixels.data[4 * p + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

function paint(canvas, values, white) {
  const c = view.channels;
  fill(canvas, (p, out, at) => {
    for (let i = 0; i < 3; i++) {
      out[at + i] = Math.round(255 * values[p * c + (c === 3 ? i : 0)] / white);
    }
  });
}

const isDark = () => getComputedStyle(document.documentElement).colorScheme === 'dark';
const ENDS = {
  light: { zero: [247, 247, 247], below: [33, 102, 172], above: [178, 24, 43] },
  dark: { zero: [34, 37, 43], below: [96, 178, 255], above: [255, 122, 92] },
};

// Gray: blue to red. Color: each channel about middle gray, so that a wrong hue is seen.
function paintSigned(canvas, values, peak, shows) {
  const { zero, below, above } = ENDS[isDark() ? 'dark' : 'light'];
  if (view.channels === 3) {
    fill(canvas, (p, out, at) => {
      for (let i = 0; i < 3; i++) out[at + i] = Math.round(128 + 127 * values[3 * p + i] / peak);
    }, shows);
    return;
  }
  fill(canvas, (p, out, at) => {
    const unit = Math.max(-1, Math.min(1, values[p] / peak));
    const end = unit < 0 ? below : above;
    for (let i = 0; i < 3; i++) {
      out[at + i] = Math.round(zero[i] + (end[i] - zero[i]) * Math.abs(unit));
    }
  }, shows);
}
