// One picture: original, rebuilt and residual; and build-up.
// amounts: how much of each active group; order: those groups, strongest first.
const shown = { image: null, original: null, amounts: new Map(), order: [], count: 0 };
const canvases = {};

for (const name of ['original', 'rebuilt', 'residual']) {
  canvases[name] = blank(`${name} picture`);
  canvases[name].id = name;
  const caption = make('figcaption', {}, name);
  $('easel').append(make('figure', { class: name }, canvases[name], caption));
}

const active = () => groups.filter((group) => !group.hidden);
const isUntouched = () => groups.every((g) => g.from.length === 1 && !g.hidden)
  && groups.length === parts.rank;

// The amounts of a picture: as they are in the file, fitted again where parts have changed
function amountsOf(image) {
  const used = active();
  if (isUntouched()) return new Map(used.map((g) => [g, H[g.from[0]][image]]));
  const rows = used.map(pictureOf), { values, known } = shown.original;
  const h = Float64Array.from(used, (g) => (g.from.length === 1 ? H[g.from[0]][image] : 0));
  descend(known ? gramOf(rows, known) : gramNow(rows), rows.map((row) => dot(row, values)), h);
  return new Map(used.map((g, a) => [g, h[a]]));
}
let gramOfNow = { key: '', gram: null };
function gramNow(rows) {
  const key = active().map(keyOf).join(' ');
  if (gramOfNow.key !== key) gramOfNow = { key, gram: gramOf(rows, null) };
  return gramOfNow.gram;
}

// Where no picture is given: all parts, each as it is used, about as bright as a picture is
function usualAmounts() {
  const used = active();
  const sum = new Float32Array(size);
  const usual = used.map((g) => usageOf(g.from));
  used.forEach((g, a) => {
    const row = pictureOf(g);
    for (let j = 0; j < size; j++) sum[j] += usual[a] * row[j];
  });
  const scale = 0.9 * view.white / (largest(sum) || 1);
  return new Map(used.map((g, a) => [g, scale * usual[a]]));
}

function rebuild() {
  const sum = new Float32Array(size);
  for (const group of shown.order.slice(0, shown.count)) {
    const amount = shown.amounts.get(group);
    if (!amount) continue;
    const row = pictureOf(group);
    for (let j = 0; j < size; j++) sum[j] += amount * row[j];
  }
  return sum;
}

function redraw() {
  const values = rebuild();
  paint(canvases.rebuilt, values, view.white);
  $('built').textContent = `${shown.count} of ${shown.order.length} parts`;
  if (!shown.original) return;
  const { values: original, known } = shown.original;
  const rest = original.map((v, j) => v - values[j]);
  const sees = (p) => kept(p) && (known === null || known[p]);
  paintSigned(canvases.residual, rest, images.residual * view.white, sees);
  $('left').textContent = ` ${percent(lengthOf(rest, known) / (lengthOf(original, known) || 1))}`;
}
function lengthOf(values, known) {
  const seen = known === null ? values : onlyKnown(values, known);
  return Math.sqrt(dot(seen, seen));
}

// Show a picture (its place in the page), or null for one that is drawn with parts
function open(image, amounts = null) {
  shown.image = image;
  if (image !== null) draw(image, canvases.original);
  for (const name of ['original', 'rebuilt']) brighten(canvases[name], image);
  shown.original = image === null ? null : readBack(canvases.original);
  $('picture').classList.toggle('drawn', image === null);
  $('reset').textContent = image === null ? 'The usual mix' : 'Its own recipe';
  $('told').replaceChildren(...(image === null ? ['Drawn with parts'] : [quoted(titleOf(image))]));
  $('missed').textContent = image === null ? '' : `${percent(images.errors[image])} left over`;
  canvases.original.setAttribute('aria-label', image === null ? '' : `original: ${titleOf(image)}`);
  setAmounts(amounts || (image === null ? usualAmounts() : amountsOf(image)));
  markOpen();
}
function setAmounts(amounts) {
  const light = new Map([...amounts].map(([g, h]) => [g, h * lightOf(g)]));
  shown.amounts = amounts;
  shown.order = [...amounts.keys()].sort((a, b) => light.get(b) - light.get(a));
  shown.count = shown.order.length;
  $('build').max = shown.count; // before its value, which is held below it
  $('build').value = shown.count;
  showRecipe();
  redraw();
}

$('build').addEventListener('input', () => { shown.count = Number($('build').value); redraw(); });
$('reset').addEventListener('click', () => open(shown.image));
$('black').addEventListener('click', () => open(null, new Map(active().map((g) => [g, 0]))));
