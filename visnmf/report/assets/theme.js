// Dark or light, as the system has it until it is chosen here; and the course of the fit.
$('theme').addEventListener('click', () => {
  const root = document.documentElement, system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  root.dataset.theme = (root.dataset.theme || system) === 'dark' ? 'light' : 'dark';
});
function showCourse() {
  const canvas = $('course'), context = canvas.getContext('2d'), points = told.history;
  canvas.hidden = points === null;
  if (points === null) return;
  const logs = points.map((p) => Math.log(Math.max(p[2], 1e-300))), low = Math.min(...logs), span = Math.max(...logs) - low || 1;
  canvas.setAttribute('aria-label', `the objective over ${points.length} records, from ${points[0][2].toPrecision(4)} to ${points.at(-1)[2].toPrecision(4)}, on a logarithmic axis`);
  context.strokeStyle = '#0072b2'; context.lineWidth = 2;
  logs.forEach((v, i) => context.lineTo(4 + i * 392 / (logs.length - 1), 4 + (1 - (v - low) / span) * 112));
  context.stroke();
}
