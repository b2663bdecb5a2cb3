import { Bounds, LatLng, Path, Point } from "../../vendor/leaflet/leaflet-src.esm.js";
import { drawSign } from "./draw-sign.js";

/**
 * @typedef {{id: string, lat: number, lon: number, kind: string, stage: string, service: string, light?: string}} Place
 * @typedef {Parameters<typeof drawSign>[3]} Sign
 */

/**
 * All single sites of the map as one path on the shared canvas: Leaflet asks once what is under the pointer, and signs
 * that look alike are drawn once and copied.
 *
 * Options beyond Leaflet's: `sign`, what is drawn for a place, `radius`, in pixels, and `draw`, how (drawSign unless given).
 */
export const PointsPath = Path.extend({
  /** @this {any} @param {{sign: (place: Place) => Sign, radius: () => number}} options */
  initialize(options) {
    Object.assign((this.options = Object.create(this.options)), options);
    /** By tile. @type {Map<string, {places: Place[], points: Float64Array | null}>} */
    this._batches = new Map();
    /** @type {Map<string, HTMLCanvasElement>} */
    this._copies = new Map();
    /** The place under the pointer, once `_containsPoint` has said yes. @type {Place | null} */
    this.touched = null;
  },

  /** Put places in, or take them out with an empty list. @this {any} @param {string} key @param {Place[]} places */
  setPlaces(key, places) {
    if (places.length) this._batches.set(key, { places, points: null });
    else if (!this._batches.delete(key)) return;
    if (!this._map) return;
    this._renderer._requestRedraw(this);
    this._project();
    this._renderer._requestRedraw(this);
  },

  /** The signs look different now: their icons have come, the zoom is another. @this {any} */
  forgetSigns() {
    this._copies.clear();
    if (this._map) this._renderer._requestRedraw(this);
  },

  /** Leaflet: where a tooltip points to. @this {any} @returns {LatLng} */
  getCenter() {
    return new LatLng(this.touched?.lat ?? 0, this.touched?.lon ?? 0);
  },

  // Leaflet: from positions to points of the layer, on every zoom.
  /** @this {any} */
  _project() {
    const origin = this._map.getPixelOrigin();
    const frame = `${this._map.getZoom()} ${origin.x} ${origin.y}`;
    const whole = new Bounds([]);
    for (const batch of this._batches.values()) {
      if (!batch.points || frame !== this._frame) {
        batch.points = new Float64Array(batch.places.length * 2);
        batch.bounds = new Bounds([]);
        for (const [n, { lat, lon }] of batch.places.entries()) {
          const at = this._map.latLngToLayerPoint([lat, lon]);
          batch.points[2 * n] = at.x;
          batch.points[2 * n + 1] = at.y;
          batch.bounds.extend(at);
        }
      }
      whole.extend(batch.bounds);
    }
    this._frame = frame;
    const margin = new Point(1, 1).multiplyBy(this.options.radius() * 1.5 + 4);
    this._pxBounds = whole.isValid()
      ? new Bounds(
          /** @type {Point} */ (whole.min).subtract(margin),
          /** @type {Point} */ (whole.max).add(margin)
        )
      : null;
  },

  // Leaflet: the map has moved. What is out of sight is passed over when it is drawn.
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
    const radius = this.options.radius();
    const half = Math.ceil(radius * 1.25 + 4);
    const { min, max } = canvas._bounds;
    for (const { places, points } of this._batches.values()) {
      for (let n = 0; n < places.length; n += 1) {
        const [x, y] = [points[2 * n], points[2 * n + 1]];
        if (x < min.x - half || x > max.x + half || y < min.y - half || y > max.y + half) continue;
        canvas._ctx.drawImage(this._copy(places[n], radius, half), x - half, y - half, 2 * half, 2 * half);
      }
    }
  },

  /** @this {any} @param {Place} place @param {number} radius @param {number} half */
  _copy(place, radius, half) {
    const key = `${place.kind} ${place.stage} ${place.service} ${place.light ?? ""} ${radius}`;
    let copy = this._copies.get(key);
    if (!copy) {
      copy = document.createElement("canvas");
      // Twice as fine as a plain screen: sharp on a fine one, too.
      copy.width = copy.height = 4 * half;
      const context = /** @type {CanvasRenderingContext2D} */ (copy.getContext("2d"));
      context.scale(2, 2);
      (this.options.draw ?? drawSign)(context, { x: half, y: half }, radius, this.options.sign(place));
      this._copies.set(key, copy);
    }
    return copy;
  },

  // Leaflet: what is under the pointer, of several the nearest.
  /** @this {any} @param {Point} at */
  _containsPoint(at) {
    this.touched = null;
    if (this._empty()) return false;
    let best = this.options.radius() + (this._renderer.options.tolerance ?? 0);
    for (const { places, points, bounds } of this._batches.values()) {
      if (!new Bounds(bounds.min.subtract([best, best]), bounds.max.add([best, best])).contains(at)) continue;
      for (let n = 0; n < places.length; n += 1) {
        const far = Math.hypot(points[2 * n] - at.x, points[2 * n + 1] - at.y);
        if (far > best) continue;
        best = far;
        this.touched = places[n];
      }
    }
    return this.touched !== null;
  },
});
