// Small charts: a histogram, a line along the set, and the course of the fit.
const WIDE = 320;

function chart(height, label, ...children) {
  const attributes = { viewBox: `0 0 ${WIDE} ${height}`, role: 'img', 'aria-label': label };
  return svg('svg', { ...attributes, class: 'chart' }, ...children);
}
const word = (x, y, text, anchor = 'start') =>
  svg('text', { x, y, 'text-anchor': anchor }, text);

// Of the coefficients of a part over all pictures; those that are 0 are told beside
function histogram(counted) {
  const top = largest(counted.counts) || 1, step = WIDE / counted.counts.length;
  const bars = counted.counts.map((count, i) => svg('rect', {
    x: i * step, width: step - 1, y: 60 - 58 * count / top, height: 58 * count / top }));
  const all = counted.zeros + total(counted.counts);
  const end = counted.top.toPrecision(3);
  const label = `histogram of its coefficients, from 0 to ${end}; ${counted.zeros} of ${all} are 0`;
  return make('figure', {}, chart(76, label, ...bars, svg('path', { d: `M0 60.5H${WIDE}` }),
    word(0, 73, '0'), word(WIDE, 73, end, 'end')),
    make('figcaption', {}, `how much of it pictures hold; ${percent(counted.zeros / all)} hold none`));
}

// Of the coefficients of a part along the set (a course in time, a spectrum over bands), or of its
// channels
function along(levels, label, caption) {
  const x = (i) => (levels.length < 2 ? 0 : i * WIDE / (levels.length - 1));
  const y = (level) => 50 - 48 * level / 255;
  const d = levels.map((level, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(level).toFixed(1)}`);
  return make('figure', {}, chart(52, label,
    svg('path', { d: d.join(''), class: 'line' }), svg('path', { d: `M0 50.5H${WIDE}` })),
    make('figcaption', {}, caption));
}

// The objective, or the error, over iterations; on a logarithmic axis. Dashed: on a stand-in for V
const COURSE = { height: 200, left: 64, top: 22, bottom: 170 };

function course({ history, errors }, width) {
  let before = 0;
  const all = history.map(([phase, iteration, , objective], i) => {
    if (i && history[i - 1][0] !== phase) before += history[i - 1][1];
    const x = phase === 'closing' ? before : before + iteration;
    return { phase, x, y: errors ? errors[i] : objective, exact: ['V', 'closing'].includes(phase) };
  });
  const sampled = largest(all.filter((point) => point.y === null).map((point) => point.x));
  const points = all.filter((point) => point.y > 0);
  if (points.length < 3) return [];
  const logs = points.map((point) => Math.log(point.y));
  const { left, top, bottom } = COURSE, right = width - 10;
  const low = Math.min(...logs), span = Math.max(...logs) - low || 1;
  const begin = points[0].x, end = points.at(-1).x;
  const x = (v) => left + (end > begin ? (v - begin) / (end - begin) : 1) * (right - left);
  const y = (log) => bottom - (log - low) / span * (bottom - top);
  const levels = [0, 0.5, 1].map((share) => Math.exp(low + share * span));
  const tell = teller(levels, errors !== null);
  const lines = points.map((point, i) => {
    if (!i || (point.phase !== points[i - 1].phase && !point.exact)) return '';
    const d = `M${x(points[i - 1].x)} ${y(logs[i - 1])}L${x(point.x)} ${y(logs[i])}`;
    return svg('path', { d, class: point.exact ? 'line' : 'line stand-in' });
  });
  const rules = levels.flatMap((level) => {
    const at = y(Math.log(level));
    return [svg('path', { d: `M${left} ${at}H${right}` }), word(left - 6, at + 4, tell(level), 'end')];
  });
  const what = errors ? 'relative error' : 'objective';
  const label = `${what} over iterations ${begin} to ${end}, from ${tell(points[0].y)} to `
    + tell(points.at(-1).y);
  const box = `0 0 ${width} ${COURSE.height}`;
  const dashed = points.some((point) => !point.exact) ? ', dashed on a stand-in for the pictures' : '';
  const attributes = { viewBox: box, class: 'chart', role: 'img', 'aria-label': label };
  return [svg('svg', attributes, ...rules, ...lines,
    word(left, 12, `${what}, logarithmic${dashed}`), word(left, 190, sampled ? `${begin}, after ${sampled} on a sample` : `${begin}`),
    word(right, 190, `iteration ${end}`, 'end'))];
}

// What tells levels with as few digits as let one see that they differ
function teller(levels, shares) {
  const by = (digits) => (v) => {
    const value = shares ? 100 * v : v;
    const told = value < 0.001 ? value.toExponential(digits - 2) : Number(value.toPrecision(digits));
    return shares ? `${told} %` : `${told}`;
  };
  for (let digits = 2; digits < 7; digits++) {
    if (new Set(levels.map(by(digits))).size === levels.length) return by(digits);
  }
  return by(7);
}
