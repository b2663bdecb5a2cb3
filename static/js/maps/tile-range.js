/**
 * Web Mercator tiles that cover a box, whatever projection the basemap has.
 *
 * @param {{west: number, south: number, east: number, north: number}} box  degrees, WGS-84
 * @param {number} zoom
 * @returns {{z: number, x: number, y: number}[]}
 */
export function tileRange(box, zoom) {
  const size = 2 ** zoom;
  const column = (/** @type {number} */ lon) => Math.floor(((lon + 180) / 360) * size);
  const row = (/** @type {number} */ lat) => {
    const radians = (Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180;
    return Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * size);
  };
  const held = (/** @type {number} */ value) => Math.max(0, Math.min(size - 1, value));
  const tiles = [];
  for (let x = held(column(box.west)); x <= held(column(box.east)); x += 1) {
    for (let y = held(row(box.north)); y <= held(row(box.south)); y += 1) tiles.push({ z: zoom, x, y });
  }
  return tiles;
}
