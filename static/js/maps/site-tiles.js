import { LayerGroup } from "../../vendor/leaflet/leaflet-src.esm.js";
import { clusterIcon } from "./cluster-icon.js";
import { FlatMarker } from "./flat-marker.js";
import { kindPaths } from "./kind-paths.js";
import { PointsPath } from "./points-path.js";
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
 * @param {{url: string, query: string, session?: boolean}} config  `session`: with the log-in of the page
 * @param {object} tools
 * @param {Pick<import("../types.js").Settings, "vocabulary" | "sprites">} tools.settings
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
  /** What each tile has put into the points. @type {Map<string, object>} */
  const holders = new Map();
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

  const points = new /** @type {any} */ (PointsPath)({
    renderer: tools.renderer,
    bubblingMouseEvents: false,
    radius: () => radiusAt(map.getZoom()) * scale,
    sign: (/** @type {import("./points-path.js").Place} */ { kind, stage, service }) => {
      const { colour, icon } = kinds.get(kind) ?? FALLBACK;
      return { colour, stage, service, path: paths.get(icon) };
    },
  });
  // A node, not a string: Leaflet would read a string as HTML.
  const name = document.createElement("span");
  /** @type {import("./points-path.js").Place | null} */
  let named = null;
  const tellName = () => {
    if (points.touched === named) return;
    named = points.touched;
    name.textContent = (kinds.get(named?.kind ?? "") ?? FALLBACK).name;
    points.openTooltip(points.getCenter());
  };
  points.bindTooltip(name, { direction: "top", offset: [0, -12 * scale], className: "map-tip" });
  points.on("mouseover mousemove", tellName);
  points.on("mouseout", () => (named = null));
  points.on("click", () => tools.onSite(points.touched.id, points.touched.lat, points.touched.lon));
  points.addTo(map);

  kindPaths(tools.settings.sprites.kinds).then((found) => {
    paths = found;
    points.forgetSigns();
  });

  /** @param {import("../types.js").Tile} tile @param {{z: number, x: number, y: number, shift: number}} at */
  function draw(tile, at) {
    const group = new LayerGroup();
    const key = `${at.z}/${at.x}/${at.y}@${at.shift}`;
    const { single, stacked } = stacks(tile.points);
    const places = single.map(([lon, lat, id, kind, stage, service]) => {
      return { id, lat, lon: lon + at.shift, kind, stage, service };
    });
    points.setPlaces(key, places);
    holders.set(key, places);
    for (const cluster of [...tile.clusters, ...stacked]) group.addLayer(clusterLayer(cluster, at.shift));
    group.addTo(map);
    return () => {
      group.remove();
      // A newer tile may have taken the place already.
      if (holders.get(key) === places) points.setPlaces(key, []);
    };
  }

  /** @param {import("../types.js").TileCluster} cluster @param {number} shift */
  function clusterLayer([lon, lat, count, [west, south, east, north], mix], shift) {
    const named = mix.map(([slug, n]) => tools.words.say("mix", { name: kinds.get(slug)?.name ?? slug, n }));
    const only = new URLSearchParams(tiles.query).get("kind");
    const shares = mix.length
      ? mix.map(([slug, n]) => ({ colour: (kinds.get(slug) ?? FALLBACK).colour, share: n / count }))
      : [{ colour: (kinds.get(only ?? "") ?? FALLBACK).colour, share: 1 }];
    const title = [tools.words.say("places", { n: tools.words.count(count) }), ...named].join(" · ");
    const marker = new /** @type {any} */ (FlatMarker)([lat, lon + shift], {
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

/** Of a sign, in pixels at the usual text size. @param {number} zoom */
function radiusAt(zoom) {
  return zoom >= 16 ? 13 : zoom >= 15 ? 11 : 9;
}
