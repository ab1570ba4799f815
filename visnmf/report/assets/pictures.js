// The pictures, a page at a time, those explained least first.
const PAGE = 48;
let first = 0;

function listed() {
  if (!images) return [];
  const all = [...images.errors.keys()], by = $('list').value;
  if (by === 'worst') all.sort((a, b) => images.errors[b] - images.errors[a]);
  if (by === 'best') all.sort((a, b) => images.errors[a] - images.errors[b]);
  const { compare } = new Intl.Collator('en', { numeric: true });
  if (by === 'name') all.sort((a, b) => compare(images.names[a], images.names[b]));
  return all;
}

function imageTile(i) {
  const canvas = blank('');
  draw(i, canvas);
  brighten(canvas, i);
  const words = [quoted(titleOf(i)), make('small', {}, percent(images.errors[i]))];
  const button = tile(canvas, words, () => openFrom(i), { title: titleOf(i) });
  button.dataset.image = i;
  return button;
}

function showImages() {
  const all = listed(), last = Math.min(first + PAGE, all.length);
  $('images').replaceChildren(...all.slice(first, last).map(imageTile));
  oneStop($('images'));
  $('range').textContent = `${first + 1} to ${last} of ${all.length}`;
  $('previous').disabled = first === 0;
  $('next').disabled = last === all.length;
  markOpen();
}
function turn(step) {
  first += step;
  showImages();
}

// Where the picture is out of sight, as on a phone, it is brought into sight
function openFrom(i) {
  open(i);
  if (narrow()) $('picture').scrollIntoView({ block: 'start' });
}
function markOpen() {
  for (const button of document.querySelectorAll('[data-image]')) {
    if (Number(button.dataset.image) === shown.image) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  if (images) drawMap();
}
function walk(step) {
  const all = listed(), at = all.indexOf(shown.image);
  open(all[at < 0 ? 0 : (at + step + all.length) % all.length]);
}

$('bright').addEventListener('change', () => {
  showImages();
  showParts();
  for (const name of ['original', 'rebuilt']) brighten(canvases[name], shown.image);
});
$('list').addEventListener('change', () => { first = 0; showImages(); });
$('previous').addEventListener('click', () => turn(-PAGE));
$('next').addEventListener('click', () => turn(PAGE));
$('before').addEventListener('click', () => walk(-1));
$('after').addEventListener('click', () => walk(1));
