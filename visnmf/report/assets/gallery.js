// The parts, sorted; the details of the one chosen open beneath it.
function cosine(a, b) {
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}
function nearest(group, others) {
  const near = new Map(others.map((g) => [g, cosine(pictureOf(g), pictureOf(group))]));
  return [...others].sort((a, b) => near.get(b) - near.get(a));
}
function sorted() {
  const by = $('sort').value;
  if (by === 'similarity') return chosen ? nearest(chosen, groups) : groups;
  if (by === 'order') return groups;
  return [...groups].sort((a, b) => valueOf(b, by) - valueOf(a, by));
}
// Of a merged part: energies add up, the others are those of the first
function valueOf(group, by) {
  if (by !== 'energy') return parts[by][group.from[0]];
  return total(group.from.map((k) => parts.energy[k]));
}

function showParts() {
  hideCard();
  const tiles = sorted().flatMap((group) => {
    const canvas = blank('');
    paint(canvas, pictureOf(group), whiteOf(group));
    const words = [quoted(group.name), ...(group.hidden ? [make('small', {}, 'hidden')] : [])];
    const button = tile(canvas, words, () => choose(group));
    button.dataset.part = keyOf(group);
    button.classList.toggle('off', group.hidden);
    button.setAttribute('aria-expanded', group === chosen);
    offersCard(button, group);
    return group === chosen ? [button, details(group)] : [button];
  });
  $('parts').replaceChildren(...tiles);
  oneStop($('parts'));
  $('changed').textContent = isUntouched() ? '' : `${active().length} of ${parts.rank} parts in use`;
  $('undo').disabled = !past.length;
  $('redo').disabled = !future.length;
}

function choose(group) {
  chosen = group === chosen ? null : group;
  showParts();
  focusOn(group);
}
function focusOn(group) {
  const button = document.querySelector(`#parts [data-part="${CSS.escape(keyOf(group))}"]`);
  if (button) button.focus({ preventScroll: true });
}

// After an edit: pictures are fitted again where the parts in use are others than before
let inUse = '';
function settle() {
  showParts();
  const now = active().map(keyOf).sort().join(' ');
  if (now === inUse) { renameBars(); return; }
  inUse = now;
  if (shown.image !== null) open(shown.image);
  else setAmounts(new Map(active().map((g) => [g, amountBefore(g)])));
}
// What a group takes over of the amounts that its parts had in the groups before
function amountBefore(group) {
  let sum = 0;
  for (const [before, amount] of shown.amounts) {
    const shared = before.from.filter((k) => group.from.includes(k));
    if (shared.length === before.from.length) sum += amount;
    else if (shared.length) sum += amount * usageOf(shared) / (usageOf(before.from) || 1);
  }
  return sum;
}
const usageOf = (from) => total(from.map((k) => parts.usage[k]));
function renameBars() {
  const amounts = new Map(active().map((g) => [g, amountBefore(g)]));
  const place = new Map([...amounts.keys()].map((g) => [keyOf(g), g]));
  shown.order = shown.order.map((g) => place.get(keyOf(g)));
  shown.amounts = amounts;
  showRecipe();
}

$('sort').addEventListener('change', showParts);
$('undo').addEventListener('click', undo);
$('redo').addEventListener('click', redo);
addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches('input[type=text]')) return;
  const key = event.key.toLowerCase();
  const act = key === 'z' ? (event.shiftKey ? redo : undo) : key === 'y' ? redo : null;
  if (act) { event.preventDefault(); act(); }
});
