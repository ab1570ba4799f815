// Put it all on the page.
$('about').textContent = told.about;

$('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  recolor();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor);
function recolor() {
  redraw();
  if (images) drawMap();
}

function showMaking() {
  if (told.fit.history) {
    const place = $('course');
    const draws = () => place.replaceChildren(...course(told.fit, place.clientWidth || WIDE));
    new ResizeObserver(draws).observe(place);
    draws();
  }
  $('ended').textContent = told.fit.ended;
  const row = ([name, value]) => [make('dt', {}, name), make('dd', {}, value)];
  const rows = (pairs) => pairs.flatMap(row);
  $('summary').append(...rows(told.summary));
  $('facts').append(...rows(told.facts));
  $('making').hidden = !told.summary.length && !told.facts.length && !told.fit.history;
  $('all').hidden = !told.facts.length;
}

if (!images) for (const id of ['pictures', 'walk', 'map']) $(id).hidden = true;
if (images && images.errors.length < 3) $('map').hidden = true;
for (const link of document.querySelectorAll('nav a')) {
  link.hidden = document.querySelector(link.getAttribute('href')).hidden;
}
for (const option of $('sort').options) {
  if (option.value === 'energy') option.disabled = parts.energy.includes(null);
  if (option.value === 'stability') option.disabled = !parts.stability;
}
if (images) {
  // Where most pictures are dark beside the brightest one, they could not be seen
  const tops = [...images.tops].sort((a, b) => a - b);
  $('bright').checked = tops[tops.length >> 1] < 100;
  const peak = images.residual * view.white;
  const full = peak.toPrecision(2);
  $('scale').textContent = view.channels === 3
    ? `gray: nothing left over; black and white at ${full}`
    : `blue: darker than rebuilt, red: brighter; full at ${full}`;
}
const above = document.querySelector('.top'); // stays in view above the bars
new ResizeObserver(() => {
  document.body.style.setProperty('--above', `${above.offsetHeight + 14}px`);
}).observe(above);
if (bits !== null || (images && images.partial)) document.body.classList.add('masked');
showMaking();
Promise.all(sheets.map((sheet) => sheet.decode())).then(() => {
  if (images) tellMap();
  inUse = active().map(keyOf).sort().join(' ');
  open(images ? listed()[0] : null);
  showParts();
  if (images) {
    showImages();
    new ResizeObserver(() => shift(0, 0)).observe(plane);
  }
  document.body.dataset.took = performance.now(); // since the page was asked for
  document.body.dataset.ready = 'yes';
});
