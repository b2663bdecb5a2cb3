import { SiteShape } from "./site-shape.js";
import { tileLayer } from "./tile-layer.js";

/** Kept beyond what is in view: numbers, 8 bytes each. */
const KEPT_NUMBERS = 600_000;
/** A tile covers 512 pixels: the server simplifies for that, and a quarter of the requests will do. */
const ZOOM_BY = -1;

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
  /** By site and round of the world. @type {Map<string, any>} */
  const layers = new Map();
  /** What the tiles drawn say of each; a set of pieces is replaced, never changed. @type {Map<string, any[]>} */
  const pieces = new Map();
  /** @type {Set<string>} */
  const touched = new Set();

  const tiles = tileLayer(
    map,
    { ...config, zoomBy: ZOOM_BY, maxZoom: 22, capacity: KEPT_NUMBERS, parallel: 2 },
    { words: tools.words, weigh, draw, settled, onState: tools.onState }
  );

  /** @param {import("../types.js").ShapeTile} tile @param {{z: number, x: number, y: number, shift: number}} at */
  function draw(tile, at) {
    const added = tile.shapes.map(([id, kind, stage, service, , strokes, rings]) => {
      const key = `${id}@${at.shift}`;
      const piece = { ...at, extent: tile.extent, id, kind, stage, service, strokes, rings };
      pieces.set(key, [...(pieces.get(key) ?? []), piece]);
      touched.add(key);
      return { key, piece };
    });
    return () => {
      for (const { key, piece } of added) {
        pieces.set(
          key,
          (pieces.get(key) ?? []).filter((each) => each !== piece)
        );
        touched.add(key);
      }
    };
  }

  /** Tiles have come or gone: each shape is drawn once, from all its pieces. */
  function settled() {
    for (const key of touched) {
      const found = pieces.get(key) ?? [];
      const layer = layers.get(key);
      if (!found.length) {
        pieces.delete(key);
        layers.delete(key);
        layer?.remove();
      } else if (layer && sameLook(layer, found[0])) {
        layer.setPieces(found);
      } else {
        layer?.remove();
        layers.set(key, add(found));
      }
    }
    if (!touched.size) return;
    touched.clear();
    // Points above lines above areas, in whatever order they came.
    const all = [...layers.values()];
    for (const layer of all) if (!layer.isArea) layer.bringToBack();
    for (const layer of all) if (layer.isArea) layer.bringToBack();
  }

  /** @param {any[]} found */
  function add(found) {
    const [{ id, kind: slug, stage, service }] = found;
    const kind = kinds.get(slug);
    const width = widthAt(map.getZoom()) * scale;
    const layer = new /** @type {any} */ (SiteShape)({
      renderer: tools.renderer,
      pieces: found,
      weight: width + 4,
      sign: {
        colour: kind?.colour ?? "#475569",
        stage,
        service,
        width,
        casing: getComputedStyle(root).getPropertyValue("--map-casing").trim() || "#ffffff",
      },
      bubblingMouseEvents: false,
    });
    layer.isArea = found.some((piece) => piece.rings.length > 0);
    layer.look = lookAt(found[0]);
    layer.on("click", (/** @type {any} */ { latlng }) => tools.onSite(id, latlng.lat, latlng.lng));
    const name = document.createElement("span");
    name.textContent = kind?.name ?? "";
    layer.bindTooltip(name, { sticky: true, direction: "top", offset: [0, -8], className: "map-tip" });
    return layer.addTo(map);
  }

  /** @param {any} piece */
  const lookAt = (piece) => `${piece.kind}|${piece.stage}|${piece.service}|${map.getZoom()}`;
  /** @param {any} layer @param {any} piece */
  const sameLook = (layer, piece) => layer.look === lookAt(piece);

  // Colours of another scheme or contrast are other tokens.
  for (const question of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    window.matchMedia(question).addEventListener("change", () => {
      for (const layer of layers.values()) layer.look = "";
      tiles.redraw();
    });
  }

  return {
    /** How many shapes are drawn. */
    get count() {
      return layers.size;
    },
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
