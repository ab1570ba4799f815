// The recipe of the picture as bars that can be dragged, the strongest first.
const FEW = 24;
let allBars = false;

function showRecipe() {
  const order = allBars ? shown.order : shown.order.slice(0, FEW);
  $('recipe').replaceChildren(...order.map(bar));
  $('more').hidden = shown.order.length <= FEW;
  $('more').textContent = allBars ? `The ${FEW} strongest only` : `All ${shown.order.length} parts`;
  $('more').setAttribute('aria-expanded', allBars);
}
$('more').addEventListener('click', () => { allBars = !allBars; showRecipe(); });

function bar(group) {
  const amount = shown.amounts.get(group), picture = pictureOf(group), canvas = blank('');
  paint(canvas, picture, whiteOf(group));
  const value = make('span', { class: 'amount' }, amountTold(amount));
  const label = `amount of ${group.name}`;
  const input = make('input', { type: 'range', min: 0, step: 'any', 'aria-label': label });
  input.max = mostOf(group, amount);
  input.value = amount;
  input.dataset.part = keyOf(group);
  input.addEventListener('input', () => {
    shown.amounts.set(group, Number(input.value));
    value.textContent = amountTold(Number(input.value));
    redraw();
  });
  const name = make('span', { class: 'name', title: group.name }, quoted(group.name));
  return make('label', {}, canvas, name, value, input);
}

function amountTold(v) {
  if (v === 0) return '0';
  return v < 0.001 ? v.toExponential(0) : v.toPrecision(v < 0.1 ? 2 : 3);
}

// Where a bar ends: a third beyond what any picture has, or what makes a part white
function mostOf(group, amount) {
  const white = view.white / (largest(pictureOf(group)) || 1);
  const used = H && group.from.length === 1 ? largest(H[group.from[0]]) : 0;
  return Math.max(1.3 * used || white, 1.3 * amount) || 1;
}
