import { lookOf } from "./draw-sign.js";
import { ShapesPath } from "./shapes-path.js";
import { tileLayer } from "./tile-layer.js";

/** Kept beyond what is in view: numbers, 8 bytes each. */
const KEPT_NUMBERS = 600_000;
/** A tile covers 512 pixels: the server simplifies for that, and a quarter of the requests will do. */
const ZOOM_BY = -1;
/** Tiles that come within this time are drawn in one go. */
const TOGETHER_MS = 80;

/**
 * Roads, sewers and areas of the current view, below the points.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, query: string}} config
 * @param {object} tools
 * @param {import("../types.js").Settings} tools.settings
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Canvas} tools.renderer  shared with the points: a second
 *   canvas would keep the pointer from the first
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(id: string, lat: number, lon: number) => void} tools.onSite  where it was touched
 * @param {(state: import("../types.js").TileState) => void} tools.onState
 */
export function createSiteShapes(map, config, tools) {
  const kinds = new Map(tools.settings.vocabulary.kinds.map((kind) => [kind.slug, kind]));
  const root = document.documentElement;
  const scale = parseFloat(getComputedStyle(root).fontSize) / 16;
  /** By tile. @type {Map<string, import("./shapes-path.js").Piece[]>} */
  const pieces = new Map();
  let casing = "";
  let changed = false;
  let timer = 0;
  /** Whose picture it is; null before the first. @type {string | null} */
  let shown = null;
  /** The zoom that the widths are made for: an older picture keeps its own until the next is complete. */
  let drawnAt = map.getZoom();

  const path = new /** @type {any} */ (ShapesPath)({
    renderer: tools.renderer,
    bubblingMouseEvents: false,
    width: () => widthAt(drawnAt) * scale,
    style: (/** @type {import("./shapes-path.js").Piece} */ { kind, stage, service }) => ({
      ...lookOf({ colour: kinds.get(kind)?.colour ?? "#475569", stage, service }),
      casing,
    }),
  });
  const name = document.createElement("span");
  const tip = { sticky: true, direction: "top", offset: [0, -8], className: "map-tip" };
  const tellName = () => {
    name.textContent = kinds.get(path.touched?.kind)?.name ?? "";
  };
  path.bindTooltip(name, tip);
  path.on("mouseover mousemove", tellName);
  path.on("click", (/** @type {any} */ { latlng }) => tools.onSite(path.touched.id, latlng.lat, latlng.lng));
  path.addTo(map);
  readTokens();

  const tiles = tileLayer(
    map,
    { ...config, zoomBy: ZOOM_BY, maxZoom: 22, capacity: KEPT_NUMBERS, parallel: 2 },
    { words: tools.words, weigh, draw, settled, onState: tools.onState }
  );

  /** @param {import("../types.js").ShapeTile} tile @param {{z: number, x: number, y: number, shift: number}} at */
  function draw(tile, at) {
    const key = `${at.z}/${at.x}/${at.y}@${at.shift}`;
    const made = tile.shapes.map(([id, kind, stage, service, , strokes, rings]) => ({
      ...at,
      extent: tile.extent,
      id,
      kind,
      stage,
      service,
      strokes,
      rings,
    }));
    pieces.set(key, made);
    changed = true;
    return () => {
      // A newer tile may have taken the place already.
      if (pieces.get(key) === made) pieces.delete(key);
      changed = true;
    };
  }

  /** Tiles have come or gone: several in a row are drawn together. */
  function settled() {
    if (!changed) return;
    changed = false;
    window.clearTimeout(timer);
    // What another zoom or filter wants is drawn in this very frame: the rest of the map changes with it.
    if (drawnAt !== map.getZoom() || shown !== tiles.query) show();
    else timer = window.setTimeout(show, TOGETHER_MS);
  }

  function show() {
    shown = tiles.query;
    drawnAt = map.getZoom();
    path.setPieces([...pieces.values()].flat());
    path.bringToBack();
    // Read by tests and by measurements: the canvas has no elements to count.
    map.getContainer().dataset.shapes = String(new Set([...pieces.values()].flat().map((each) => each.id)).size);
  }

  function readTokens() {
    casing = getComputedStyle(root).getPropertyValue("--map-casing").trim() || "#ffffff";
  }

  for (const question of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    window.matchMedia(question).addEventListener("change", () => {
      readTokens();
      show();
    });
  }

  return {
    /** Draw what these filter words find. @param {string} words */
    setQuery: tiles.setQuery,
    refresh: tiles.refresh,
    retry: tiles.retry,
  };
}

/** Of a line, in pixels at the usual text size. @param {number} zoom */
function widthAt(zoom) {
  return zoom >= 15 ? 6 : zoom >= 13 ? 4.5 : zoom >= 11 ? 3 : 2;
}

/** @param {import("../types.js").ShapeTile} tile */
function weigh(tile) {
  let numbers = 10;
  for (const [, , , , , strokes, rings] of tile.shapes) {
    numbers += 20;
    for (const each of strokes) numbers += each.length;
    for (const each of rings) numbers += each.length;
  }
  return numbers;
}
