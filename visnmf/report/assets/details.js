// The details of a part, what can be done to it, and the selection as a file.
function details(group) {
  const act = (text, next) => pressed(text, () => { edit(next()); focusOn(chosen || groups[0]); });
  const at = groups.indexOf(group);
  const others = nearest(group, groups.filter((g) => g !== group));
  const into = make('select', { 'aria-label': 'merge into' },
    ...others.map((g, i) => make('option', { value: i }, g.name)));
  const join = act('Merge into', () => merge(group, others[Number(into.value)]));
  const most = images ? mostUsed(group, 8) : [];
  const used = [make('p', {}, 'Used most in'),
    make('div', { class: 'grid small' }, ...most.map(imageTile))];
  const told = { role: 'group', 'aria-label': `details of ${group.name}` };
  return make('div', { id: 'part', class: 'details', ...told },
    make('p', { class: 'row' }, nameInput(group),
      act(group.hidden ? 'Show' : 'Hide', () => toggle(group)),
      act('Delete', () => remove(group)),
      act('Earlier', () => move(group, at - 1)), act('Later', () => move(group, at + 1)),
      ...(others.length ? [join, into] : [])),
    make('p', {}, wordsOf(group)), make('div', { class: 'charts' }, ...chartsOf(group)),
    ...(most.length ? used : []));
}

function nameInput(group) {
  const input = make('input', { type: 'text', maxlength: 200, 'aria-label': 'name of the part' });
  input.value = group.name;
  input.addEventListener('change', () => {
    const name = printable(input.value);
    if (name && name !== group.name) edit(rename(group, name));
    else input.value = group.name;
  });
  return input;
}

$('download').addEventListener('click', () => {
  const file = new Blob([JSON.stringify(selection(), null, 1)], { type: 'application/json' });
  const link = make('a', { href: URL.createObjectURL(file), download: 'selection.json' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
$('upload').addEventListener('change', async () => {
  const file = $('upload').files[0];
  $('upload').value = '';
  if (!file) return;
  try {
    edit(groupsOf(await file.text()));
    $('refused').textContent = '';
  } catch (error) {
    $('refused').textContent = `${file.name}: ${error.message}`;
  }
});
