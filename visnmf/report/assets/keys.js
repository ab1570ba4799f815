// A grid of tiles is one stop of the Tab key; arrow keys go from tile to tile in it.
const tilesOf = (grid) => [...grid.children].filter((child) => child.classList.contains('tile'));

function oneStop(grid, stop = null) {
  const tiles = tilesOf(grid);
  const at = stop || tiles.find((t) => t.matches('[aria-expanded=true], [aria-current]')) || tiles[0];
  for (const tile of tiles) tile.tabIndex = tile === at ? 0 : -1;
}

function nextTile(tiles, from, key) {
  const at = tiles.indexOf(from);
  if (key === 'ArrowRight') return tiles[at + 1];
  if (key === 'ArrowLeft') return tiles[at - 1];
  if (key === 'Home') return tiles[0];
  if (key === 'End') return tiles.at(-1);
  const box = from.getBoundingClientRect(), sign = key === 'ArrowDown' ? 1 : -1;
  let best, least = Infinity;
  for (const to of tiles) {
    const other = to.getBoundingClientRect();
    const ahead = sign * (other.top - box.top);
    const far = ahead * 10 + Math.abs(other.left - box.left);
    if (ahead > 4 && far < least) [best, least] = [to, far];
  }
  return best;
}

const WAYS = ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'];
for (const grid of [$('parts'), $('images')]) {
  grid.addEventListener('focusin', (event) => {
    if (event.target.parentElement === grid && event.target.classList.contains('tile')) {
      oneStop(grid, event.target);
    }
  });
  grid.addEventListener('keydown', (event) => {
    const from = event.target;
    if (!WAYS.includes(event.key) || !tilesOf(grid).includes(from)) return;
    event.preventDefault();
    const to = nextTile(tilesOf(grid), from, event.key);
    if (to) to.focus();
  });
}
