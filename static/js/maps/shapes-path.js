import { Bounds, CRS, LatLng, Path, Point } from "../../vendor/leaflet/leaflet-src.esm.js";
import { drawShapes } from "./draw-shapes.js";

/**
 * @typedef {{id: string, kind: string, stage: string, service: string, z: number, x: number, y: number, shift: number,
 *   extent: number, strokes: number[][], rings: number[][]}} Piece  what one tile says of one site
 * @typedef {{start: number, points: Float64Array}} Stroke  layer points, x and y by turns
 * @typedef {{piece: Piece, bounds: Bounds, strokes: Stroke[], rings: Float64Array[]}} Projected
 */

/**
 * All roads, sewers and areas of the map as one path on the shared canvas: Leaflet asks once whether the pointer
 * touches it, and thousands of them are a few strokes of the pen.
 *
 * Options beyond Leaflet's: `style`, which gives a piece's look (drawShapes), and `width`, of a line in pixels.
 */
export const ShapesPath = Path.extend({
  /** @this {any} @param {{style: (piece: Piece) => import("./draw-shapes.js").Look, width: () => number}} options */
  initialize(options) {
    Object.assign((this.options = Object.create(this.options)), options);
    this._pieces = [];
    /** @type {Projected[]} */
    this._projected = [];
    /** The piece under the pointer, once `_containsPoint` has said yes. @type {Piece | null} */
    this.touched = null;
  },

  /** Other pieces. @this {any} @param {Piece[]} pieces */
  setPieces(pieces) {
    this._pieces = pieces;
    if (!this._map) return;
    // Where something was is painted over, too.
    this._renderer._requestRedraw(this);
    this._reset();
    this._renderer._requestRedraw(this);
  },

  // Leaflet: from positions to points of the layer, on every zoom.
  /** @this {any} */
  _project() {
    const origin = this._map.getPixelOrigin();
    const frame = `${this._map.getZoom()} ${origin.x} ${origin.y}`;
    const known = new Map(
      frame === this._frame ? this._projected.map((/** @type {Projected} */ each) => [each.piece, each]) : []
    );
    this._frame = frame;
    this._projected = this._pieces.map((/** @type {Piece} */ piece) => known.get(piece) ?? project(this._map, piece));
    const margin = new Point(12, 12);
    const whole = new Bounds([]);
    for (const { bounds } of this._projected) whole.extend(bounds);
    this._pxBounds = whole.isValid()
      ? new Bounds(
          /** @type {Point} */ (whole.min).subtract(margin),
          /** @type {Point} */ (whole.max).add(margin)
        )
      : null;
    this._groups = grouped(this._projected, this.options.style);
  },

  // Leaflet: the map has moved. Nothing is cut: tiles end not far outside the view.
  _update() {},

  /** @this {any} */
  _empty() {
    return !this._pxBounds;
  },

  // Leaflet calls this when its canvas is redrawn.
  /** @this {any} */
  _updatePath() {
    const canvas = this._renderer;
    if (!canvas._drawing || this._empty()) return;
    drawShapes(canvas._ctx, this._groups, this.options.width());
  },

  // Leaflet: is it under the pointer? Lines before areas, as they are drawn.
  /** @this {any} @param {Point} at */
  _containsPoint(at) {
    this.touched = null;
    if (this._empty()) return false;
    const reach = this.options.width() / 2 + (this._renderer.options.tolerance ?? 0);
    const box = new Bounds(at.subtract([reach, reach]), at.add([reach, reach]));
    /** @type {Projected[]} */
    const near = this._projected.filter((/** @type {Projected} */ { bounds }) => bounds.intersects(box));
    const line = near.findLast(({ strokes }) => strokes.some(({ points }) => touches(points, at, reach)));
    this.touched = (line ?? near.findLast(({ rings }) => turnsRound(rings, at)))?.piece ?? null;
    return this.touched !== null;
  },
});

/**
 * Pieces that look alike, as one path each.
 *
 * @param {Projected[]} projected
 * @param {(piece: Piece) => import("./draw-shapes.js").Look} style
 * @returns {import("./draw-shapes.js").Group[]}
 */
function grouped(projected, style) {
  /** @type {Map<string, import("./draw-shapes.js").Group>} */
  const groups = new Map();
  for (const { piece, strokes, rings } of projected) {
    const isArea = rings.length > 0;
    const key = `${isArea} ${piece.kind} ${piece.stage} ${piece.service}`;
    let group = groups.get(key);
    if (!group) {
      group = { look: style(piece), isArea, lines: new Path2D(), fill: new Path2D(), strokes: [] };
      groups.set(key, group);
    }
    for (const stroke of strokes) {
      trace(group.lines, stroke.points);
      if (group.look.underWay) group.strokes.push(stroke);
    }
    for (const ring of rings) {
      trace(group.fill, ring);
      group.fill.closePath();
    }
  }
  return [...groups.values()];
}

/** @param {Path2D} path @param {Float64Array} points */
function trace(path, points) {
  path.moveTo(points[0], points[1]);
  for (let n = 2; n < points.length; n += 2) path.lineTo(points[n], points[n + 1]);
}

/** @param {any} map @param {Piece} piece @returns {Projected} */
function project(map, piece) {
  const place = projector(map, piece);
  const bounds = new Bounds([]);
  const strokes = piece.strokes.map(([start, ...steps]) => ({
    start: start * place.scale,
    points: walk(steps, place, bounds),
  }));
  return { piece, bounds, strokes, rings: piece.rings.map((steps) => walk(steps, place, bounds)) };
}

/**
 * From a tile's coordinates to the map's layer points.
 *
 * @param {any} map
 * @param {Piece} piece
 */
function projector(map, piece) {
  const origin = map.getPixelOrigin();
  const scale = (256 * 2 ** (map.getZoom() - piece.z)) / piece.extent;
  const [east, south] = [piece.x * piece.extent, piece.y * piece.extent];
  if (map.options.crs === CRS.EPSG3857) {
    const round = (piece.shift / 360) * 256 * 2 ** map.getZoom();
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
 * @param {ReturnType<typeof projector>} place
 * @param {Bounds} bounds  grows by what is found
 * @returns {Float64Array}  x and y by turns
 */
function walk(steps, place, bounds) {
  const found = new Float64Array(steps.length);
  let [x, y] = [0, 0];
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < steps.length; at += 2) {
    x += steps[at];
    y += steps[at + 1];
    if (place.point) ({ x: found[at], y: found[at + 1] } = place.point(x, y));
    else [found[at], found[at + 1]] = [place.x(x), place.y(y)];
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
