// What a part is, where it is used most, and its histogram: under the pointer, and in its details.
const MOST = 4;

function wordsOf(group) {
  const told = [];
  if (group.from.length > 1) {
    told.push(`merged from ${group.from.map((k) => parts.names[k]).join(', ')}`);
  } else {
    const k = group.from[0], share = parts.energy[k];
    if (share !== null) told.push(`${percent(share)} of the energy`);
    told.push(`sparseness ${parts.sparseness[k].toFixed(2)}`);
    if (parts.stability) told.push(`stability ${parts.stability[k].toFixed(2)}`);
  }
  if (group.hidden) told.push('hidden: left out of the picture here, kept in the model');
  return told.join(', ');
}

function mostUsed(group, count) {
  const uses = usesOf(group);
  const order = [...uses.keys()].filter((i) => uses[i] > 0).sort((a, b) => uses[b] - uses[a]);
  return order.slice(0, count);
}

function chartsOf(group) {
  if (group.from.length > 1) return [];
  const k = group.from[0], charts = [];
  if (images) charts.push(histogram(parts.histograms[k]));
  if (parts.spectra) {
    const caption = `mean of each of its ${parts.spectra[k].length} channels`;
    charts.push(along(parts.spectra[k], caption, caption));
  }
  if (parts.along) {
    const caption = 'from the first picture to the last';
    charts.push(along(parts.along[k], `how much of it pictures hold, ${caption}`, caption));
  }
  return charts;
}

const card = make('div', { id: 'card', role: 'tooltip', hidden: true });
document.body.append(card);

function showCard(group, tile) {
  const canvas = blank('');
  paint(canvas, pictureOf(group), whiteOf(group));
  const thumbs = images ? mostUsed(group, MOST).map((i) => {
    const thumb = blank(titleOf(i));
    draw(i, thumb);
    brighten(thumb, i);
    return thumb;
  }) : [];
  const used = [make('p', {}, 'used most in'), make('div', { class: 'thumbs' }, ...thumbs)];
  card.replaceChildren(make('div', { class: 'head' }, canvas,
    make('p', {}, make('b', {}, quoted(group.name)), make('br'), wordsOf(group))),
  ...chartsOf(group).slice(0, 1), ...(thumbs.length ? used : []));
  card.hidden = false;
  const box = tile.getBoundingClientRect(), own = card.getBoundingClientRect();
  const below = box.bottom + own.height + 6 < innerHeight;
  const left = Math.min(Math.max(6, box.left), document.documentElement.clientWidth - own.width - 6);
  card.style.left = `${left}px`;
  card.style.top = `${below ? box.bottom + 6 : Math.max(6, box.top - own.height - 6)}px`;
  tile.setAttribute('aria-describedby', 'card');
}
function hideCard() { card.hidden = true; }

// Shown while the pointer rests on a tile, or a key has brought the focus there
function offersCard(tile, group) {
  tile.addEventListener('pointerenter', (event) => {
    if (event.pointerType === 'mouse' && group !== chosen) showCard(group, tile);
  });
  tile.addEventListener('pointerleave', hideCard);
  tile.addEventListener('focus', () => {
    if (tile.matches(':focus-visible') && group !== chosen) showCard(group, tile);
  });
  tile.addEventListener('blur', hideCard);
}
addEventListener('keydown', (event) => { if (event.key === 'Escape') hideCard(); });
addEventListener('scroll', hideCard, { passive: true, capture: true });
