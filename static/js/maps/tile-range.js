/**
 * Web Mercator tiles that cover a box, whatever projection the basemap has; nearest to its middle first.
 *
 * A box may reach beyond 180 degrees: its tiles there are those of the next round of the world, and what they hold is
 * to be drawn `shift` degrees further east.
 *
 * @param {{west: number, south: number, east: number, north: number}} box  degrees, WGS-84
 * @param {number} zoom
 * @returns {{z: number, x: number, y: number, shift: number}[]}
 */
export function tileRange(box, zoom) {
  const size = 2 ** zoom;
  const column = (/** @type {number} */ lon) => ((lon + 180) / 360) * size;
  const row = (/** @type {number} */ lat) => {
    const radians = (Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180;
    const v = ((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * size;
    return Math.max(0, Math.min(size - 1, v));
  };
  const [west, east, north, south] = [column(box.west), column(box.east), row(box.north), row(box.south)];
  const middle = { x: (west + east) / 2, y: (north + south) / 2 };
  const tiles = [];
  for (let x = Math.floor(west); x <= Math.floor(east); x += 1) {
    for (let y = Math.floor(north); y <= Math.floor(south); y += 1) {
      const round = Math.floor(x / size);
      const far = Math.hypot(x + 0.5 - middle.x, y + 0.5 - middle.y);
      tiles.push({ z: zoom, x: x - round * size, y, shift: round * 360, far });
    }
  }
  tiles.sort((a, b) => a.far - b.far);
  return tiles.map(({ z, x, y, shift }) => ({ z, x, y, shift }));
}
