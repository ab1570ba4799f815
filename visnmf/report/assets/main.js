// Put it all on the page.
$('about').textContent = [`${parts.rank} parts, kept here with ${parts.bits} bits an entry`, view.about,
  images ? `${images.names.length} of ${images.total} pictures, median error ${images.median.toFixed(3)}` : '', view.white < 1 ? `white is ${view.white.toPrecision(2)} of the range` : ''].filter(Boolean).join('; ');
for (const [name, value] of told.facts) {
  const dt = document.createElement('dt'), dd = document.createElement('dd');
  dt.textContent = name; dd.textContent = value; $('facts').append(dt, dd);
}
$('map').hidden = $('pictures').hidden = $('reset').hidden = !images;
showParts(); showCourse();
Promise.all(sheets.map((sheet) => sheet.decode())).then(() => {
  if (images) { showImages(); showMap(); }
  open(images ? worst[0] : null);
  document.body.dataset.ready = 'yes';
});
