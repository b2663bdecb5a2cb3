/**
 * A box as the API takes it: inside the world, and in two parts where it crosses the antimeridian.
 *
 * @typedef {{west: number, south: number, east: number, north: number}} Box
 * @param {Box} box  degrees; longitudes may run beyond 180, as a map that was moved round the world has them
 * @returns {Box[]}
 */
export function worldBoxes({ west, south, east, north }) {
  const rows = { south: Math.max(-90, south), north: Math.min(90, north) };
  if (east - west >= 360) return [{ ...rows, west: -180, east: 180 }];
  const from = wrapped(west);
  const to = from + (east - west);
  if (to <= 180) return [{ ...rows, west: from, east: to }];
  return [
    { ...rows, west: from, east: 180 },
    { ...rows, west: -180, east: to - 360 },
  ];
}

/** A longitude between -180 and 180. @param {number} lon */
export function wrapped(lon) {
  const within = (((lon + 180) % 360) + 360) % 360;
  return within - 180;
}
