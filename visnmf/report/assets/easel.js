// One picture: original, rebuilt and residual, its recipe as bars, and build-up.
const shown = { image: null, original: null, h: new Float32Array(parts.rank), order: [], count: parts.rank };
const canvases = ['original', 'rebuilt', 'residual'].map((name) => {
  const canvas = blank(`${name} picture`), figure = document.createElement('figure'), caption = document.createElement('figcaption');
  canvas.id = name; caption.textContent = name;
  figure.append(canvas, caption); $('easel').append(figure);
  return canvas;
});
const sheets = images ? images.sheets.map((sheet) => { const picture = new Image(); picture.src = sheet.uri; return picture; }) : [];
function draw(i, canvas) {
  let s = 0;
  while (i >= images.sheets[s].count) i -= images.sheets[s++].count;
  const across = images.sheets[s].columns;
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(sheets[s],
    (i % across) * view.width, Math.floor(i / across) * view.height, view.width, view.height, 0, 0, view.width, view.height);
}
function originalOf(i) {
  draw(i, canvases[0]);
  const data = canvases[0].getContext('2d').getImageData(0, 0, view.width, view.height).data, c = view.channels;
  return Float32Array.from({ length: size }, (_, j) => data[4 * Math.floor(j / c) + (j % c)] / 255 * view.white);
}
function rebuild() {
  const sum = new Float32Array(size);
  for (const k of shown.order.slice(0, shown.count)) {
    const h = off.has(k) ? 0 : shown.h[k], part = W[k];
    if (h) for (let j = 0; j < size; j++) sum[j] += h * part[j];
  }
  return sum;
}
function redraw() {
  const values = rebuild();
  paint(canvases[1], values, view.white);
  $('built').textContent = `${shown.count} of ${parts.rank} parts`;
  canvases[0].parentElement.hidden = canvases[2].parentElement.hidden = shown.original === null;
  if (shown.original) paintSigned(canvases[2], shown.original.map((v, j) => v - values[j]), images.residual * view.white);
}
function open(image) {
  shown.image = image;
  shown.original = image === null ? null : originalOf(image);
  shown.h = Float32Array.from(W, (_, k) => image === null ? 0 : H[k][image]);
  shown.count = parts.rank;
  const light = W.map((part, k) => shown.h[k] * part.reduce((a, b) => a + b, 0));
  shown.order = [...W.keys()].sort((a, b) => light[b] - light[a]);
  $('told').textContent = image === null ? 'Drawn with parts' : `${images.names[image]}: error ${images.errors[image]}`;
  $('build').max = $('build').value = parts.rank;
  $('recipe').replaceChildren(...shown.order.map(bar));
  redraw();
}
function bar(k) {
  const label = document.createElement('label'), canvas = blank(parts.names[k]), name = document.createElement('span'), input = document.createElement('input');
  const top = Math.max(...W[k]), most = H ? Math.max(...H[k]) : 0;
  paint(canvas, W[k], top || 1);
  name.textContent = parts.names[k];
  Object.assign(input, { type: 'range', min: 0, max: 1.3 * most || 1 / (top || 1), step: 'any', value: shown.h[k] });
  input.dataset.part = k; input.setAttribute('aria-label', `amount of ${parts.names[k]}`);
  input.addEventListener('input', () => { shown.h[k] = Number(input.value); redraw(); });
  label.append(canvas, name, input);
  return label;
}
$('build').addEventListener('input', () => { shown.count = Number($('build').value); redraw(); });
$('reset').addEventListener('click', () => open(shown.image));
$('black').addEventListener('click', () => open(null));
