// The map under wheel, pointer, pinch and keys.
const MOST_ZOOM = 40;
const fingers = new Map(); // pointers that are down: where each is
let moved = 0;

function zoom(factor, x, y) {
  const scale = Math.min(MOST_ZOOM, Math.max(1, seen.scale * factor)), by = scale / seen.scale;
  seen.x = x - (x - seen.x) * by;
  seen.y = y - (y - seen.y) * by;
  seen.scale = scale;
  shift(0, 0);
}
// Moves the map, as far as there is something to see
function shift(x, y) {
  const least = plane.clientWidth * (1 - seen.scale);
  seen.x = Math.min(0, Math.max(least, seen.x + x));
  seen.y = Math.min(0, Math.max(least, seen.y + y));
  plane.style.touchAction = seen.scale > 1 ? 'none' : 'pan-y';
  drawMap();
}
const middle = () => [plane.clientWidth / 2, plane.clientWidth / 2];
const resetMap = () => zoom(0, 0, 0);

// A wheel that was scrolling the page goes on to do so when the map comes under it
let scrolled = -1e9;
addEventListener('wheel', (event) => {
  const recent = event.timeStamp - scrolled < 300;
  if (event.target !== plane || (recent && !event.ctrlKey)) { scrolled = event.timeStamp; return; }
  if (event.deltaY > 0 && seen.scale === 1) return; // nothing to zoom out of
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
}, { passive: false });

const spread = () => { const [a, b] = fingers.values(); return Math.hypot(a.x - b.x, a.y - b.y); };
plane.addEventListener('pointerdown', (event) => {
  if (!fingers.size) moved = 0;
  fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  plane.setPointerCapture(event.pointerId);
});
plane.addEventListener('pointermove', (event) => {
  const here = { x: event.offsetX, y: event.offsetY }, was = fingers.get(event.pointerId);
  if (!was) { hover(here); return; }
  const before = fingers.size === 2 ? spread() : 0;
  fingers.set(event.pointerId, here);
  moved += Math.hypot(here.x - was.x, here.y - was.y);
  if (fingers.size === 2) {
    const [a, b] = fingers.values();
    moved += 10;
    zoom(spread() / (before || 1), (a.x + b.x) / 2, (a.y + b.y) / 2);
  }
  shift((here.x - was.x) / fingers.size, (here.y - was.y) / fingers.size);
});
plane.addEventListener('pointercancel', (event) => fingers.delete(event.pointerId));
plane.addEventListener('pointerup', (event) => {
  fingers.delete(event.pointerId);
  if (fingers.size || moved > 6) return;
  const image = imageAt(event.offsetX, event.offsetY);
  if (image !== null) openFrom(image);
});
function hover({ x, y }) {
  const image = imageAt(x, y);
  plane.title = image === null ? '' : `${titleOf(image)}: ${percent(images.errors[image])} left over`;
  plane.style.cursor = image === null ? 'grab' : 'pointer';
}

const PAN = 60;
const KEYS = {
  ArrowLeft: () => shift(PAN, 0), ArrowRight: () => shift(-PAN, 0),
  ArrowUp: () => shift(0, PAN), ArrowDown: () => shift(0, -PAN),
  '+': () => zoom(1.5, ...middle()), '=': () => zoom(1.5, ...middle()),
  '-': () => zoom(1 / 1.5, ...middle()), 0: resetMap,
  Enter: () => openFrom(nearestTo(...middle())),
};
function nearestTo(x, y) {
  const far = thumbs.map(([, left, top, width, height]) =>
    (left + width / 2 - x) ** 2 + (top + height / 2 - y) ** 2);
  return thumbs.length ? thumbs[far.indexOf(Math.min(...far))][0] : shown.image;
}
plane.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
$('closer').addEventListener('click', KEYS['+']);
$('wider').addEventListener('click', KEYS['-']);
$('whole').addEventListener('click', resetMap);
