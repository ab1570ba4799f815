// Parts as they are edited: named, hidden, deleted, merged, moved; undone, and kept in a file.
// A group is what has become one part. Groups are not changed but replaced, so that what was
// before can be put back.
const isHidden = (k) => parts.hidden?.[k] ?? false; // files of models may tell
const untouched = parts.names.map((name, k) => ({ from: [k], name, hidden: isHidden(k) }));
let groups = untouched;
let chosen = null; // the group whose details are open
const past = [], future = [];

const keyOf = (group) => group.from.join('+');
const replaced = (group, ...others) => groups.flatMap((g) => (g === group ? others : [g]));

function edit(next) {
  if (next === groups) return;
  past.push(groups);
  future.length = 0;
  become(next);
}
function back(from, to) {
  if (!from.length) return;
  to.push(groups);
  become(from.pop());
}
const undo = () => back(past, future), redo = () => back(future, past);

function become(next) {
  const part = chosen && chosen.from[0];
  groups = next;
  chosen = part === null ? null : groups.find((g) => g.from.includes(part)) || null;
  settle();
}

const rename = (group, name) => replaced(group, { ...group, name });
const toggle = (group) => replaced(group, { ...group, hidden: !group.hidden });
const remove = (group) => (groups.length > 1 ? replaced(group) : groups);
function move(group, to) {
  if (to < 0 || to >= groups.length) return groups;
  const rest = replaced(group);
  rest.splice(to, 0, group);
  return rest;
}
function merge(group, into) {
  const both = { ...into, from: [...into.from, ...group.from] };
  return replaced(group).map((g) => (g === into ? both : g));
}

// A merged part is the mean of its parts, each weighted by how much it is used
const pictures = new Map();
function pictureOf(group) {
  if (group.from.length === 1) return W[group.from[0]];
  const key = keyOf(group);
  if (!pictures.has(key)) {
    const sum = new Float32Array(size), uses = group.from.map((k) => parts.usage[k]);
    const all = total(uses);
    group.from.forEach((k, place) => {
      const weight = all > 0 ? uses[place] / all : 1 / uses.length;
      for (let j = 0; j < size; j++) sum[j] += weight * W[k][j];
    });
    pictures.set(key, sum);
  }
  return pictures.get(key);
}

const lights = new Map();
function lightOf(group) {
  const key = keyOf(group);
  if (!lights.has(key)) lights.set(key, total(pictureOf(group)));
  return lights.get(key);
}
function whiteOf(group) {
  return (group.from.length === 1 ? parts.whites[group.from[0]] : largest(pictureOf(group))) || 1;
}

// How much of a group each picture holds, by the encodings in the file
function usesOf(group) {
  if (group.from.length === 1) return H[group.from[0]];
  const uses = new Float32Array(H[0].length);
  for (const k of group.from) for (let i = 0; i < uses.length; i++) uses[i] += lengths[k] * H[k][i];
  return uses;
}

function selection() {
  const model = { rank: parts.rank, digest: parts.digest };
  return { format: 'visnmf-selection', version: 1, model, parts: groups };
}

// Return the groups of a selection, or throw an Error that says what is wrong with it
function groupsOf(text) {
  let file = null;
  try { file = JSON.parse(text); } catch { throw new Error('this is no JSON file'); }
  if (!file || file.format !== 'visnmf-selection') throw new Error('this is no selection of parts');
  if (file.version !== 1) throw new Error(`version ${file.version} of selections is not known here`);
  if (!file.model || file.model.digest !== parts.digest) {
    throw new Error('this selection was made of the parts of another model');
  }
  const used = new Set();
  const fits = Array.isArray(file.parts) && file.parts.length > 0 && file.parts.every((group) =>
    group && typeof group.name === 'string' && typeof group.hidden === 'boolean'
    && Array.isArray(group.from) && group.from.length > 0 && group.from.every((k) =>
      Number.isInteger(k) && k >= 0 && k < parts.rank && !used.has(k) && used.add(k)));
  if (!fits) throw new Error('this selection is damaged');
  return file.parts.map(({ from, name, hidden }) =>
    ({ from, name: printable(name) || parts.names[from[0]], hidden }));
}

// Names are of printable characters, 200 at most
function printable(name) {
  return name.replace(/\p{Z}/gu, ' ').replace(/\p{C}/gu, '').trim().slice(0, 200);
}
