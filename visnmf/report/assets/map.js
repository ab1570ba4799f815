// The pictures by their encodings in two dimensions: thumbnails where there is room.
function showMap() {
  const canvas = $('plane'), context = canvas.getContext('2d'), side = canvas.width, thumb = 28, taken = new Set();
  const at = ([x, y]) => [20 + x * (side - 40), side - 20 - y * (side - 40)];
  const scratch = blank('');
  images.map.points.forEach((point, i) => {
    const [x, y] = at(point), cell = `${Math.floor(x / thumb)} ${Math.floor(y / thumb)}`;
    if (taken.has(cell)) return;
    taken.add(cell); draw(i, scratch);
    context.imageSmoothingEnabled = false;
    context.drawImage(scratch, x - thumb / 2, y - thumb / 2, thumb, thumb * view.height / view.width);
  });
  canvas.addEventListener('pointerup', (event) => {
    const x = event.offsetX * side / canvas.clientWidth, y = event.offsetY * side / canvas.clientHeight;
    const far = images.map.points.map((point) => { const [a, b] = at(point); return (a - x) ** 2 + (b - y) ** 2; });
    open(far.indexOf(Math.min(...far)));
  });
}
