import { LayerGroup, Marker } from "../../vendor/leaflet/leaflet-src.esm.js";
import { clusterIcon } from "./cluster-icon.js";
import { kindPaths } from "./kind-paths.js";
import { SitePoint } from "./site-point.js";
import { stacks } from "./stacks.js";
import { tileLayer } from "./tile-layer.js";

const FALLBACK = { slug: "", name: "", icon: "generic", colour: "#475569" };
/** Kept beyond what is in view: clusters and points, some 200 bytes each. */
const KEPT_PLACES = 40_000;
const MAX_TILE_ZOOM = 18;

/**
 * Clusters and points of the current view, tile by tile.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, query: string}} config
 * @param {object} tools
 * @param {import("../types.js").Settings} tools.settings
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Canvas} tools.renderer  of everything on the map
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(id: string, lat: number, lon: number) => void} tools.onSite
 * @param {(extent: [number, number, number, number]) => void} tools.onCluster  west, south, east, north
 * @param {(state: import("../types.js").TileState) => void} tools.onState
 * @param {() => void} [tools.onRenewed]  what was in view has changed by itself
 */
export function createSiteTiles(map, config, tools) {
  const kinds = new Map(tools.settings.vocabulary.kinds.map((kind) => [kind.slug, kind]));
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  /** @type {Map<string, Path2D>} */
  let paths = new Map();

  const tiles = tileLayer(
    map,
    { ...config, zoomBy: 0, maxZoom: MAX_TILE_ZOOM, capacity: KEPT_PLACES, parallel: 4 },
    {
      ...tools,
      /** @param {import("../types.js").Tile} tile */
      weigh: (tile) => 5 + tile.points.length + tile.clusters.length,
      draw,
    }
  );

  kindPaths(tools.settings.sprites.kinds).then((found) => {
    paths = found;
    tiles.redraw();
  });

  /** @param {import("../types.js").Tile} tile @param {{shift: number}} at */
  function draw(tile, { shift }) {
    const group = new LayerGroup();
    const { single, stacked } = stacks(tile.points);
    for (const point of single) group.addLayer(pointLayer(point, shift));
    for (const cluster of [...tile.clusters, ...stacked]) group.addLayer(clusterLayer(cluster, shift));
    group.addTo(map);
    return () => void group.remove();
  }

  /** @param {import("../types.js").TilePoint} point @param {number} shift */
  function pointLayer([lon, lat, id, slug, stage, service], shift) {
    const kind = kinds.get(slug) ?? FALLBACK;
    const zoom = map.getZoom();
    const radius = (zoom >= 16 ? 13 : zoom >= 15 ? 11 : 9) * scale;
    const options = {
      renderer: tools.renderer,
      radius,
      sign: { colour: kind.colour, stage, service, path: paths.get(kind.icon) },
      icon: kind.icon,
      bubblingMouseEvents: false,
    };
    const layer = new /** @type {any} */ (SitePoint)([lat, lon + shift], options);
    layer.on("click", () => tools.onSite(id, lat, lon + shift));
    // A node, not a string: Leaflet would read a string as HTML.
    layer.bindTooltip(text(kind.name), { direction: "top", offset: [0, -radius], className: "map-tip" });
    return layer;
  }

  /** @param {import("../types.js").TileCluster} cluster @param {number} shift */
  function clusterLayer([lon, lat, count, [west, south, east, north], mix], shift) {
    const named = mix.map(([slug, n]) => tools.words.say("mix", { name: kinds.get(slug)?.name ?? slug, n }));
    const only = new URLSearchParams(tiles.query).get("kind");
    const shares = mix.length
      ? mix.map(([slug, n]) => ({ colour: (kinds.get(slug) ?? FALLBACK).colour, share: n / count }))
      : [{ colour: (kinds.get(only ?? "") ?? FALLBACK).colour, share: 1 }];
    const title = [tools.words.say("places", { n: tools.words.count(count) }), ...named].join(" · ");
    const marker = new Marker([lat, lon + shift], {
      icon: clusterIcon({ count, label: tools.words.short(count), shares, scale }),
      keyboard: false,
      title,
      alt: title,
      riseOnHover: true,
      // Large clusters lie above small ones.
      zIndexOffset: count,
    });
    marker.on("click", () => tools.onCluster([west + shift, south, east + shift, north]));
    return marker;
  }

  return {
    /** Draw what these filter words find. @param {string} words */
    setQuery: tiles.setQuery,
    refresh: tiles.refresh,
    retry: tiles.retry,
  };
}

/** @param {string} words @returns {HTMLElement} */
function text(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}
