/**
 * Points at one position can only be touched together: they become one circle with their number.
 *
 * @param {import("../types.js").TilePoint[]} points
 * @returns {{single: import("../types.js").TilePoint[], stacked: import("../types.js").TileCluster[]}}
 */
export function stacks(points) {
  /** @type {Map<string, import("../types.js").TilePoint[]>} */
  const places = new Map();
  for (const point of points) {
    const place = `${point[0]},${point[1]}`;
    const there = places.get(place);
    if (there) there.push(point);
    else places.set(place, [point]);
  }
  /** @type {import("../types.js").TilePoint[]} */
  const single = [];
  /** @type {import("../types.js").TileCluster[]} */
  const stacked = [];
  for (const there of places.values()) {
    const [[lon, lat]] = there;
    if (there.length === 1) single.push(there[0]);
    else stacked.push([lon, lat, there.length, [lon, lat, lon, lat], commonest(there)]);
  }
  return { single, stacked };
}

/** @param {import("../types.js").TilePoint[]} points @returns {[string, number][]} */
function commonest(points) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [, , , kind] of points) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3);
}
