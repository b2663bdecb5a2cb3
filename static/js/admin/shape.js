/**
 * One geometry as the editor holds it: a point, or the vertices of one line or one polygon's outer ring.
 * What has several parts or holes is kept as it is and not edited here (`several`).
 *
 * @typedef {[number, number]} Position  longitude, latitude
 * @typedef {{type: string, coordinates: any}} Geometry
 */

const DECIMALS = 7;
const UNDO_STEPS = 100;

export class Shape {
  /** @param {"point" | "line" | "polygon"} type */
  constructor(type) {
    this.type = type;
    /** @type {Position[]} */
    this.vertices = [];
    /** @type {Geometry | null} */
    this.several = null;
    /** @type {string[]} */
    this.past = [];
  }

  /** How many vertices make a whole. */
  get needed() {
    return { point: 1, line: 2, polygon: 3 }[this.type];
  }

  get complete() {
    return this.several !== null || this.vertices.length >= this.needed;
  }

  /**
   * Take over a text. False when it is not a geometry of this type that can be read.
   * @param {string} text
   */
  read(text) {
    this.vertices = [];
    this.several = null;
    if (!text.trim()) return true;
    try {
      const geometry = JSON.parse(text);
      const own = { point: "Point", line: "LineString", polygon: "Polygon" }[this.type];
      if (geometry.type !== own) {
        if (geometry.type !== `Multi${own}`) return false;
        this.several = geometry;
      } else if (this.type === "polygon" && geometry.coordinates.length > 1) {
        this.several = geometry;
      } else {
        this.vertices = positions(this.type, geometry.coordinates);
      }
      return this.several !== null || this.vertices.every((pair) => pair.length === 2 && pair.every(Number.isFinite));
    } catch {
      this.vertices = [];
      return false;
    }
  }

  /** The text that goes to the server; empty while the shape is not whole. */
  text() {
    if (this.several) return JSON.stringify(this.several);
    if (!this.complete) return "";
    const rounded = this.vertices.map((pair) => pair.map((value) => Number(value.toFixed(DECIMALS))));
    if (this.type === "point") return JSON.stringify({ type: "Point", coordinates: rounded[0] });
    if (this.type === "line") return JSON.stringify({ type: "LineString", coordinates: rounded });
    return JSON.stringify({ type: "Polygon", coordinates: [[...rounded, rounded[0]]] });
  }

  /** Remember how it is now, to be able to go back to it. */
  remember() {
    this.past.push(JSON.stringify([this.vertices, this.several]));
    if (this.past.length > UNDO_STEPS) this.past.shift();
  }

  /** Go back one step; false when there is none. */
  undo() {
    const last = this.past.pop();
    if (last === undefined) return false;
    [this.vertices, this.several] = JSON.parse(last);
    return true;
  }

  clear() {
    this.vertices = [];
    this.several = null;
  }
}

/**
 * @param {"point" | "line" | "polygon"} type
 * @param {any} coordinates
 * @returns {Position[]}
 */
function positions(type, coordinates) {
  const flat = type === "point" ? [coordinates] : type === "line" ? coordinates : coordinates[0].slice(0, -1);
  return flat.map((/** @type {number[]} */ pair) => /** @type {Position} */ ([pair[0], pair[1]]));
}
