// The pictures: where each lies on its sheet, and its values.
const sheets = images ? images.sheets.map((sheet) => {
  const picture = new Image();
  picture.src = sheet.uri;
  return picture;
}) : [];

function placeOf(i) {
  let s = 0;
  while (i >= images.sheets[s].count) i -= images.sheets[s++].count;
  const across = images.sheets[s].columns;
  const x = (i % across) * view.width, y = Math.floor(i / across) * view.height;
  return [sheets[s], x, y, view.width, view.height];
}

function draw(i, canvas) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.clearRect(0, 0, view.width, view.height);
  context.drawImage(...placeOf(i), 0, 0, view.width, view.height);
}

// Dark pictures are looked at brightened, each by what makes its brightest pixel white
function brightness(i) {
  const factor = i !== null && $('bright').checked ? 255 / Math.max(1, images.tops[i]) : 1;
  return factor > 1.05 ? `brightness(${factor.toFixed(3)})` : 'none';
}
function brighten(canvas, i) { canvas.style.filter = brightness(i); }

// Values of a picture, and which pixels of it are known (null: all)
function readBack(canvas) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const data = context.getImageData(0, 0, view.width, view.height).data;
  const values = new Float32Array(size), c = view.channels;
  const known = new Uint8Array(view.width * view.height);
  let missing = false;
  for (let p = 0; p < known.length; p++) {
    known[p] = data[4 * p + 3] > 127;
    if (!known[p]) missing ||= kept(p);
    else for (let i = 0; i < c; i++) values[p * c + i] = data[4 * p + i] / 255 * view.white;
  }
  return { values, known: missing ? known : null };
}
