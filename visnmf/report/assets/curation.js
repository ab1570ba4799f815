// Naming, hiding, deleting, merging and reordering parts; the selection as a file.
let groups = parts.names.map((name, k) => ({ from: [k], name, hidden: parts.hidden[k] }));
const off = new Set(parts.hidden.flatMap((hidden, k) => (hidden ? [k] : [])));
function settle() {
  off.clear();
  for (let k = 0; k < parts.rank; k++) if (!groups.some((g) => !g.hidden && g.from.includes(k))) off.add(k);
  showParts(); redraw();
}
function selection() {
  return { format: 'visnmf-selection', version: 1, model: { rank: parts.rank, digest: parts.digest }, parts: groups };
}
function move(group, step) {
  const at = groups.indexOf(group), to = at + step;
  if (to < 0 || to >= groups.length) return;
  groups.splice(at, 1); groups.splice(to, 0, group); $('sort').value = 'order';
}
function merge(group) {
  const at = groups.indexOf(group);
  if (at < 1) return;
  groups[at - 1].from = [...groups[at - 1].from, ...group.from]; groups.splice(at, 1);
}
function sumOf(group) {
  const sum = new Float32Array(size);
  for (const k of group.from) for (let j = 0; j < size; j++) sum[j] += W[k][j] * (parts.means ? parts.means[k] : 1);
  return sum;
}
function inspect(group) {
  chosen = group;
  const name = document.createElement('input');
  name.value = group.name; name.setAttribute('aria-label', 'name of the part');
  name.addEventListener('change', () => { if (name.value.trim()) group.name = name.value.trim(); showParts(); });
  const does = { [group.hidden ? 'Show' : 'Hide']: () => { group.hidden = !group.hidden; }, Delete: () => { groups = groups.filter((g) => g !== group); },
    'Move back': () => move(group, -1), 'Move on': () => move(group, 1), 'Merge into the one before': () => merge(group) };
  const buttons = Object.entries(does).map(([text, act]) => {
    const button = document.createElement('button');
    button.textContent = text; button.addEventListener('click', () => { act(); settle(); if (groups.includes(group)) inspect(group); else $('part').replaceChildren(); });
    return button;
  });
  const k = group.from[0], words = document.createElement('p'), most = document.createElement('div');
  words.textContent = `sparseness ${parts.sparseness[k].toFixed(2)}` + (parts.energy[k] === null ? '' : `, energy ${(100 * parts.energy[k]).toFixed(1)} %`) + (images ? '; used most in:' : '');
  most.className = 'grid';
  if (H) most.append(...[...H[k].keys()].sort((a, b) => H[k][b] - H[k][a]).slice(0, 6).map(imageTile));
  $('part').replaceChildren(name, ...buttons, words, ...(parts.histograms ? [bars(parts.histograms[k])] : []), most);
}
function bars(told) {
  const canvas = document.createElement('canvas'), top = Math.max(...told.counts, 1);
  canvas.width = 320; canvas.height = 60; canvas.className = 'chart';
  canvas.setAttribute('role', 'img'); canvas.setAttribute('aria-label', `histogram of its coefficients, from 0 to ${told.top.toPrecision(3)}; ${told.zeros} are 0`);
  const context = canvas.getContext('2d');
  context.fillStyle = '#0072b2';
  told.counts.forEach((count, i) => context.fillRect(i * 10, 60 - 60 * count / top, 9, 60 * count / top));
  return canvas;
}
$('download').addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(selection(), null, 1)], { type: 'application/json' }));
  link.download = 'selection.json'; link.click();
});
