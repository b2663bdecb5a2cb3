import { Canvas, LayerGroup, Marker } from "../../vendor/leaflet/leaflet-src.esm.js";
import { getJson } from "../lib/request.js";
import { clusterIcon } from "./cluster-icon.js";
import { kindPaths } from "./kind-paths.js";
import { SitePoint } from "./site-point.js";
import { tileRange } from "./tile-range.js";

const CACHE_SIZE = 240;
const FALLBACK = { slug: "", name: "", icon: "generic", colour: "#475569" };

/**
 * Clusters and points of the current view, tile by tile.
 *
 * What is drawn stays until all that replaces it has come, so nothing blinks. Tiles are kept in memory; requests that
 * nobody waits for any more are aborted.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, query: string}} config
 * @param {object} tools
 * @param {import("../types.js").Settings} tools.settings
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(id: string, lat: number, lon: number) => void} tools.onSite
 * @param {(extent: [number, number, number, number]) => void} tools.onCluster
 * @param {(state: {loading: boolean, truncated: boolean, error: Error | null}) => void} tools.onState
 */
export function createSiteTiles(map, config, tools) {
  const renderer = new Canvas({ padding: 0.3, tolerance: 10 });
  const kinds = new Map(tools.settings.vocabulary.kinds.map((kind) => [kind.slug, kind]));
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  /** @type {Map<string, import("../types.js").Tile>} */
  const cache = new Map();
  /** @type {Map<string, AbortController>} */
  const underWay = new Map();
  /** @type {Map<string, LayerGroup>} */
  const drawn = new Map();
  /** @type {Map<string, Path2D>} */
  let paths = new Map();
  let query = config.query;
  let shownGeneration = "";
  /** @type {Set<string>} */
  let failed = new Set();
  /** @type {Error | null} */
  let failure = null;

  kindPaths(tools.settings.sprites.kinds).then((found) => {
    paths = found;
    redrawAll();
  });

  /** @param {{z: number, x: number, y: number}} tile */
  const addressOf = (tile) => {
    const path = config.url
      .replace("{z}", String(tile.z))
      .replace("{x}", String(tile.x))
      .replace("{y}", String(tile.y));
    return query ? `${path}?${query}` : path;
  };

  function wantedTiles() {
    const bounds = map.getBounds().pad(0.1);
    const box = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
    return tileRange(box, Math.max(0, Math.min(18, Math.round(map.getZoom())))).map(addressOf);
  }

  function update() {
    const wanted = wantedTiles();
    const generation = `${Math.round(map.getZoom())}|${query}`;
    for (const [address, controller] of underWay) {
      if (!wanted.includes(address)) {
        controller.abort();
        underWay.delete(address);
      }
    }
    failed = new Set();
    failure = null;
    for (const address of wanted) if (!cache.has(address) && !underWay.has(address)) load(address);
    show(wanted, generation);
  }

  /** @param {string} address */
  async function load(address) {
    const controller = new AbortController();
    underWay.set(address, controller);
    try {
      const tile = await getJson(address, { signal: controller.signal, english: tools.words.english });
      cache.set(address, /** @type {import("../types.js").Tile} */ (tile));
      for (const old of cache.keys()) {
        if (cache.size <= CACHE_SIZE) break;
        if (!drawn.has(old)) cache.delete(old);
      }
    } catch (error) {
      if (controller.signal.aborted) return;
      failed.add(address);
      failure = /** @type {Error} */ (error);
    }
    if (underWay.get(address) === controller) underWay.delete(address);
    show(wantedTiles(), `${Math.round(map.getZoom())}|${query}`);
  }

  /**
   * @param {string[]} wanted
   * @param {string} generation
   */
  function show(wanted, generation) {
    const complete = wanted.every((address) => cache.has(address) || failed.has(address));
    if (generation !== shownGeneration && complete) {
      for (const group of drawn.values()) group.remove();
      drawn.clear();
      shownGeneration = generation;
    }
    if (generation === shownGeneration) {
      for (const address of wanted) {
        const tile = cache.get(address);
        if (tile && !drawn.has(address)) drawn.set(address, draw(tile).addTo(map));
      }
      if (complete) {
        for (const [address, group] of drawn) {
          if (wanted.includes(address)) continue;
          group.remove();
          drawn.delete(address);
        }
      }
    }
    tools.onState({
      loading: !complete,
      truncated: wanted.some((address) => cache.get(address)?.truncated),
      error: failure,
    });
  }

  /** @param {import("../types.js").Tile} tile */
  function draw(tile) {
    const group = new LayerGroup();
    for (const point of tile.points) group.addLayer(pointLayer(point));
    for (const cluster of tile.clusters) group.addLayer(clusterLayer(cluster));
    return group;
  }

  /** @param {import("../types.js").TilePoint} point */
  function pointLayer([lon, lat, id, slug, stage, service]) {
    const kind = kinds.get(slug) ?? FALLBACK;
    const zoom = map.getZoom();
    const radius = (zoom >= 16 ? 13 : zoom >= 15 ? 11 : 9) * scale;
    const options = {
      renderer,
      radius,
      sign: { colour: kind.colour, stage, service, path: paths.get(kind.icon) },
      icon: kind.icon,
      bubblingMouseEvents: false,
    };
    const layer = new /** @type {any} */ (SitePoint)([lat, lon], options);
    layer.on("click", () => tools.onSite(id, lat, lon));
    // A node, not a string: Leaflet would read a string as HTML.
    layer.bindTooltip(text(kind.name), { direction: "top", offset: [0, -radius], className: "map-tip" });
    return layer;
  }

  /** @param {import("../types.js").TileCluster} cluster */
  function clusterLayer([lon, lat, count, extent, mix]) {
    const named = mix.map(([slug, n]) => tools.words.say("mix", { name: kinds.get(slug)?.name ?? slug, n }));
    const only = new URLSearchParams(query).get("kind");
    const shares = mix.length
      ? mix.map(([slug, n]) => ({ colour: (kinds.get(slug) ?? FALLBACK).colour, share: n / count }))
      : [{ colour: (kinds.get(only ?? "") ?? FALLBACK).colour, share: 1 }];
    const title = [tools.words.say("places", { n: tools.words.count(count) }), ...named].join(" · ");
    const marker = new Marker([lat, lon], {
      icon: clusterIcon({ count, label: tools.words.short(count), shares, scale }),
      keyboard: false,
      title,
      alt: title,
      riseOnHover: true,
      // Large clusters lie above small ones.
      zIndexOffset: count,
    });
    marker.on("click", () => tools.onCluster(extent));
    return marker;
  }

  function redrawAll() {
    for (const [address, group] of drawn) {
      group.remove();
      const tile = cache.get(address);
      if (tile) drawn.set(address, draw(tile).addTo(map));
    }
  }

  map.on("moveend", update);

  return {
    /** Draw what these filter words find. @param {string} words */
    setQuery(words) {
      if (words === query) return;
      query = words;
      update();
    },
    refresh: update,
  };
}

/** @param {string} words @returns {HTMLElement} */
function text(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}
