// The parts, and the pictures a page at a time; arrow keys go from one to the next.
function tile(canvas, text, act) {
  const button = document.createElement('button'), words = document.createElement('span');
  words.textContent = text; button.append(canvas, words); button.addEventListener('click', act);
  return button;
}
let chosen = null;
function cosine(a, b) {
  let ab = 0, aa = 0, bb = 0;
  for (let j = 0; j < size; j++) { ab += a[j] * b[j]; aa += a[j] * a[j]; bb += b[j] * b[j]; }
  return ab / Math.sqrt(aa * bb || 1);
}
function showParts() {
  const by = $('sort').value, order = [...groups];
  const near = by === 'similarity' && chosen ? new Map(groups.map((g) => [g, cosine(sumOf(g), sumOf(chosen))])) : null;
  if (near) order.sort((a, b) => near.get(b) - near.get(a));
  else if (parts[by]) order.sort((a, b) => parts[by][b.from[0]] - parts[by][a.from[0]]);
  $('parts').replaceChildren(...order.map((group) => {
    const canvas = blank(group.name), values = sumOf(group);
    paint(canvas, values, Math.max(...values) || 1);
    const button = tile(canvas, group.name, () => inspect(group));
    button.classList.toggle('off', group.hidden);
    return button;
  }));
}
function imageTile(i) {
  const canvas = blank(images.names[i]);
  draw(i, canvas);
  return tile(canvas, `${images.names[i]} ${images.errors[i]}`, () => open(i));
}
const PAGE = 48, worst = images ? [...images.errors.keys()].sort((a, b) => images.errors[b] - images.errors[a]) : [];
let first = 0;
function showImages() {
  $('images').replaceChildren(...worst.slice(first, first + PAGE).map(imageTile));
}
function turn(step) { if (first + step >= 0 && first + step < worst.length) { first += step; showImages(); } }
$('previous').addEventListener('click', () => turn(-PAGE));
$('next').addEventListener('click', () => turn(PAGE));
$('sort').addEventListener('change', showParts);
for (const grid of [$('parts'), $('images')]) grid.addEventListener('keydown', (event) => {
  const next = { ArrowRight: 'nextElementSibling', ArrowLeft: 'previousElementSibling' }[event.key];
  const to = next && document.activeElement[next];
  if (to) { to.focus(); event.preventDefault(); }
});
