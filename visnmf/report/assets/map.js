// The pictures by their encodings in two dimensions: thumbnails where there is room, else dots.
const plane = $('plane');
const THUMB = 36, EDGE = 26; // CSS pixels
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6d31'];
const seen = { scale: 1, x: 0, y: 0 }; // zoom, and the shift in CSS pixels
let thumbs = []; // what is drawn as a picture: [image, left, top, width, height]

const kinds = images && images.labels ? [...new Set(images.labels)].sort() : [];
const colored = kinds.length > 1 && kinds.length <= COLORS.length;
const colorOf = (i) => COLORS[kinds.indexOf(images.labels[i])];
const accent = () => getComputedStyle(document.documentElement).getPropertyValue('--accent');

function at([u, v]) {
  const side = plane.clientWidth;
  const x = EDGE + u * (side - 2 * EDGE), y = side - EDGE - v * (side - 2 * EDGE);
  return [x * seen.scale + seen.x, y * seen.scale + seen.y];
}

// The picture that is open comes first, so that it is always a thumbnail
function laidOut(side) {
  const longest = Math.max(view.width, view.height), taken = new Map(), dots = [], boxes = [];
  const width = Math.max(6, THUMB * view.width / longest);
  const height = Math.max(6, THUMB * view.height / longest);
  const order = [...images.errors.keys()];
  if (shown.image !== null) order.unshift(shown.image);
  for (const i of order) {
    const [x, y] = at(images.map.points[i]);
    if (Math.min(x, y) < -THUMB || Math.max(x, y) > side + THUMB) continue;
    if (overlaps(taken, x, y, width, height)) dots.push([i, x, y]);
    else boxes.push([i, x - width / 2, y - height / 2, width, height]);
  }
  return { dots, boxes };
}
function overlaps(taken, x, y, width, height) {
  const a = Math.floor(x / THUMB), b = Math.floor(y / THUMB);
  for (let i = a - 1; i <= a + 1; i++) {
    for (let j = b - 1; j <= b + 1; j++) {
      for (const [u, v] of taken.get(`${i} ${j}`) || []) {
        if (Math.abs(u - x) < width && Math.abs(v - y) < height) return true;
      }
    }
  }
  const cell = `${a} ${b}`;
  taken.set(cell, [...(taken.get(cell) || []), [x, y]]);
  return false;
}

function drawMap() {
  const side = plane.clientWidth, ratio = devicePixelRatio || 1;
  if (!side) return;
  plane.width = plane.height = Math.round(side * ratio);
  const context = plane.getContext('2d'), { dots, boxes } = laidOut(side);
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  context.lineWidth = 2;
  context.fillStyle = accent();
  for (const [i, x, y] of dots) {
    if (colored) context.fillStyle = colorOf(i);
    context.beginPath();
    context.arc(x, y, 2.5, 0, 7);
    context.fill();
  }
  for (const [i, ...box] of boxes) {
    context.filter = brightness(i);
    context.drawImage(...placeOf(i), ...box);
    context.filter = 'none';
    if (!colored) continue;
    context.strokeStyle = colorOf(i);
    context.strokeRect(...box);
  }
  thumbs = boxes;
  const ringed = boxes.find(([i]) => i === shown.image);
  if (ringed) frame(context, ringed.slice(1));
  $('zoomed').textContent = `${seen.scale.toFixed(1)} x, ${boxes.length} as pictures`;
}
function frame(context, [left, top, width, height]) {
  context.strokeStyle = '#e69f00';
  context.lineWidth = 4;
  context.strokeRect(left - 2, top - 2, width + 4, height + 4);
}

// The picture under a point: a thumbnail that covers it, or the nearest dot close by
function imageAt(x, y) {
  const box = thumbs.find(([, left, top, width, height]) =>
    x >= left && x <= left + width && y >= top && y <= top + height);
  if (box) return box[0];
  let best = null, least = 12 ** 2;
  images.map.points.forEach((point, i) => {
    const [a, b] = at(point), far = (a - x) ** 2 + (b - y) ** 2;
    if (far < least) [best, least] = [i, far];
  });
  return best;
}

function tellMap() {
  const { kind, explained } = images.map;
  const [across = '', upward = ''] = kind === 'umap'
    ? ['UMAP: near pictures are alike; the axes have no unit']
    : explained.map((share, n) => `axis ${n + 1}: ${percent(share)} of the variance`);
  $('across').textContent = across;
  $('upward').textContent = upward;
  $('legend').replaceChildren(...(colored ? kinds.map((label, k) => {
    const dot = make('i');
    dot.style.background = COLORS[k];
    return make('span', {}, dot, quoted(label));
  }) : kinds.length > COLORS.length ? [`Labels have no colors here: there are ${kinds.length}, ` +
    `and no more than ${COLORS.length} can be told apart.`] : []));
}
