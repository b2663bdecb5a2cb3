import {
  CircleMarker,
  DivIcon,
  LayerGroup,
  Marker,
  Polygon,
  Polyline,
} from "../../vendor/leaflet/leaflet-src.esm.js";

/** Dragging hundreds of handles is slow, and nobody edits such a shape by hand. */
const MOST_HANDLES = 150;

/**
 * Draws the shape with a handle on every vertex, and a small one between two for adding a vertex.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {string} colour
 * @param {{
 *   onMove: (index: number, lon: number, lat: number) => void,
 *   onInsert: (index: number, lon: number, lat: number) => void,
 *   onDelete: (index: number) => void,
 * }} on
 * @returns {(shape: import("./shape.js").Shape, drawing: boolean) => void} draw again
 */
export function handles(map, colour, on) {
  const layer = new LayerGroup().addTo(map);
  return (shape, drawing) => {
    layer.clearLayers();
    const path = shape.vertices.map(toLatLng);
    if (shape.several) {
      outline(shape.several).forEach((part) => layer.addLayer(line(part, shape.type === "polygon", colour)));
      return;
    }
    if (shape.type !== "point" && path.length > 1) {
      layer.addLayer(line(path, shape.type === "polygon" && !drawing, colour));
    }
    if (path.length > MOST_HANDLES) return;
    path.forEach((place, index) => {
      const marker = new Marker(place, {
        draggable: true,
        keyboard: false,
        icon: icon(shape.type === "point" ? "point" : ""),
      });
      marker.on("drag", () => {
        // The line follows while dragging; the rest is drawn again when it ends.
        path[index] = [marker.getLatLng().lat, marker.getLatLng().lng];
      });
      marker.on("dragend", () => on.onMove(index, marker.getLatLng().lng, marker.getLatLng().lat));
      marker.on("dblclick contextmenu", () => on.onDelete(index));
      layer.addLayer(marker);
    });
    if (shape.type === "point" || drawing) return;
    const last = shape.type === "polygon" ? path.length : path.length - 1;
    for (let index = 0; index < last; index += 1) {
      const next = path[(index + 1) % path.length];
      const middle = /** @type {[number, number]} */ ([(path[index][0] + next[0]) / 2, (path[index][1] + next[1]) / 2]);
      const marker = new Marker(middle, { draggable: true, keyboard: false, icon: icon("middle") });
      marker.on("click", () => on.onInsert(index, middle[1], middle[0]));
      marker.on("dragend", () => on.onInsert(index, marker.getLatLng().lng, marker.getLatLng().lat));
      layer.addLayer(marker);
    }
  };
}

/**
 * A mark where a searched coordinate lies.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {number} lon
 * @param {number} lat
 */
export function mark(map, lon, lat) {
  const ring = new CircleMarker([lat, lon], { radius: 14, weight: 3, color: "#c2410c", fill: false }).addTo(map);
  setTimeout(() => ring.remove(), 2500);
}

/** @param {import("./shape.js").Position} pair @returns {[number, number]} */
function toLatLng(pair) {
  return [pair[1], pair[0]];
}

/**
 * @param {[number, number][]} path
 * @param {boolean} closed
 * @param {string} colour
 */
function line(path, closed, colour) {
  const look = { color: colour, weight: 4, opacity: 0.9, interactive: false };
  return closed ? new Polygon(path, { ...look, fillOpacity: 0.2 }) : new Polyline(path, look);
}

/** @param {string} kind */
function icon(kind) {
  const size = kind === "point" ? 22 : kind === "middle" ? 12 : 16;
  const name = `geometry-editor__handle${kind ? ` geometry-editor__handle--${kind}` : ""}`;
  return new DivIcon({ className: name, iconSize: [size, size] });
}

/**
 * The paths of a geometry of several parts.
 * @param {import("./shape.js").Geometry} geometry
 * @returns {[number, number][][]}
 */
function outline(geometry) {
  const parts = geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates;
  return parts.map((/** @type {import("./shape.js").Position[]} */ part) => part.map(toLatLng));
}
