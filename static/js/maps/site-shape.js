import { CRS, Bounds, LatLng, Path, Point } from "../../vendor/leaflet/leaflet-src.esm.js";
import { drawShape } from "./draw-shape.js";

/**
 * What tiles tell of one road, sewer or area, drawn on the shared canvas as one thing.
 *
 * Pieces from several tiles are one path: the fill has no seam and nothing is painted twice, where tiles overlap.
 * Options beyond Leaflet's: `pieces`, each `{z, x, y, shift, strokes, rings}` as tiles have them, and `sign`
 * (drawShape).
 */
export const SiteShape = Path.extend({
  /** @this {any} @param {object} options */
  initialize(options) {
    // Leaflet's own words: the weight widens what is redrawn and what can be touched.
    Object.assign((this.options = Object.create(this.options)), options);
  },

  /** Other pieces, in the same place. @this {any} @param {object[]} pieces */
  setPieces(pieces) {
    this.options.pieces = pieces;
    if (!this._map) return;
    // The old place is painted over, too.
    this._renderer._requestRedraw(this);
    this._reset();
    this._renderer._requestRedraw(this);
  },

  // Leaflet: from positions to points of the layer, on every zoom.
  /** @this {any} */
  _project() {
    const strokes = [];
    const rings = [];
    const bounds = new Bounds([]);
    for (const piece of this.options.pieces) {
      const project = projector(this._map, piece);
      for (const [start, ...steps] of piece.strokes) {
        strokes.push({ start: start * project.scale, points: walk(steps, project, bounds) });
      }
      for (const steps of piece.rings) rings.push(walk(steps, project, bounds));
    }
    this._strokes = strokes;
    this._rings = rings;
    this._seen = bounds;
    const margin = new Point(this.options.weight, this.options.weight);
    this._pxBounds = bounds.isValid()
      ? new Bounds(
          /** @type {Point} */ (bounds.min).subtract(margin),
          /** @type {Point} */ (bounds.max).add(margin)
        )
      : null;
  },

  // Leaflet: the map has moved. Nothing is cut: tiles end not far outside the view.
  _update() {},

  /** @this {any} */
  _empty() {
    return !this._pxBounds;
  },

  // Leaflet calls this for every visible path when its canvas is redrawn.
  /** @this {any} */
  _updatePath() {
    const canvas = this._renderer;
    if (!canvas._drawing || this._empty()) return;
    drawShape(canvas._ctx, { strokes: this._strokes, rings: this._rings }, this.options.sign);
  },

  // Leaflet: what is under the pointer.
  /** @this {any} @param {Point} at */
  _containsPoint(at) {
    if (this._empty()) return false;
    const reach = this.options.weight / 2 + (this._renderer.options.tolerance ?? 0);
    if (!new Bounds(this._seen.min.subtract([reach, reach]), this._seen.max.add([reach, reach])).contains(at)) {
      return false;
    }
    const near = this._strokes.some((/** @type {{points: Float64Array}} */ { points }) => touches(points, at, reach));
    return near || turnsRound(this._rings, at);
  },
});

/**
 * From a tile's coordinates to the map's layer points.
 *
 * @param {any} map
 * @param {{z: number, x: number, y: number, shift: number, extent: number}} piece
 */
function projector(map, piece) {
  const origin = map.getPixelOrigin();
  const scale = (256 * 2 ** (map.getZoom() - piece.z)) / piece.extent;
  const round = (piece.shift / 360) * 256 * 2 ** map.getZoom();
  const [east, south] = [piece.x * piece.extent, piece.y * piece.extent];
  if (map.options.crs === CRS.EPSG3857) {
    return {
      scale,
      x: (/** @type {number} */ x) => (x + east) * scale - origin.x + round,
      y: (/** @type {number} */ y) => (y + south) * scale - origin.y,
      point: null,
    };
  }
  // A basemap with another projection: by way of the position.
  const world = piece.extent * 2 ** piece.z;
  const point = (/** @type {number} */ x, /** @type {number} */ y) => {
    const lon = ((x + east) / world) * 360 - 180;
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + south)) / world))) * 180) / Math.PI;
    return map.project(new LatLng(lat, lon + piece.shift)).subtract(origin);
  };
  return { scale, x: null, y: null, point };
}

/**
 * @param {number[]} steps  first a point, then steps
 * @param {ReturnType<typeof projector>} project
 * @param {Bounds} bounds  grows by what is found
 * @returns {Float64Array}  x and y by turns
 */
function walk(steps, project, bounds) {
  const found = new Float64Array(steps.length);
  let [x, y] = [0, 0];
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < steps.length; at += 2) {
    x += steps[at];
    y += steps[at + 1];
    if (project.point) ({ x: found[at], y: found[at + 1] } = project.point(x, y));
    else [found[at], found[at + 1]] = [project.x(x), project.y(y)];
    west = Math.min(west, found[at]);
    east = Math.max(east, found[at]);
    north = Math.min(north, found[at + 1]);
    south = Math.max(south, found[at + 1]);
  }
  bounds.extend(new Point(west, north));
  bounds.extend(new Point(east, south));
  return found;
}

/** Does a line pass within reach? @param {Float64Array} points @param {Point} at @param {number} reach */
function touches(points, at, reach) {
  for (let n = 2; n < points.length; n += 2) {
    const [ax, ay, bx, by] = [points[n - 2], points[n - 1], points[n], points[n + 1]];
    const [dx, dy] = [bx - ax, by - ay];
    const along = Math.max(0, Math.min(1, ((at.x - ax) * dx + (at.y - ay) * dy) / (dx * dx + dy * dy || 1)));
    if (Math.hypot(ax + along * dx - at.x, ay + along * dy - at.y) <= reach) return true;
  }
  return false;
}

/** Non-zero winding, as the fill has it. @param {Float64Array[]} rings @param {Point} at */
function turnsRound(rings, at) {
  let turns = 0;
  for (const ring of rings) {
    for (let n = 0; n < ring.length; n += 2) {
      const [ax, ay] = [ring[n], ring[n + 1]];
      const [bx, by] = [ring[(n + 2) % ring.length], ring[(n + 3) % ring.length]];
      const side = (bx - ax) * (at.y - ay) - (at.x - ax) * (by - ay);
      if (ay <= at.y && by > at.y && side > 0) turns += 1;
      else if (ay > at.y && by <= at.y && side < 0) turns -= 1;
    }
  }
  return turns !== 0;
}
