import { tileRange } from "./tile-range.js";
import { createTileStore } from "./tile-store.js";

/**
 * Which tiles the view needs, and when to draw them: what every layer of tiles shares.
 *
 * What is drawn stays until all that replaces it has come, so nothing blinks: on another zoom or with another filter
 * everything changes in one frame; when the map moves, tiles come one by one beside those that are there. When nothing
 * at all comes (no connection), what was seen last stays.
 *
 * @template Tile
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, query: string, zoomBy: number, maxZoom: number, capacity: number, parallel: number,
 *   session?: boolean}} config
 *   `zoomBy`: the tiles' zoom against the map's; `capacity`, `parallel`, `session`: see tile-store.js
 * @param {object} tools
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(tile: Tile) => number} tools.weigh
 * @param {(tile: Tile, at: {z: number, x: number, y: number, shift: number}) => (() => void)} tools.draw
 *   draws a tile and returns how to take it away again
 * @param {() => void} [tools.settled]  called after tiles were drawn or taken away
 * @param {(state: import("../types.js").TileState) => void} tools.onState
 * @param {() => void} [tools.onRenewed]
 */
export function tileLayer(map, config, tools) {
  /** @type {Map<string, {tile: Tile, at: {z: number, x: number, y: number, shift: number}, remove: () => void}>} */
  const drawn = new Map();
  let query = config.query;
  let shown = "";
  const store = createTileStore({
    weigh: tools.weigh,
    capacity: config.capacity,
    parallel: config.parallel,
    session: config.session,
    english: tools.words.english,
    onChange({ renewed }) {
      show();
      if (renewed) tools.onRenewed?.();
    },
  });

  const tileZoom = () => Math.max(0, Math.min(config.maxZoom, Math.round(map.getZoom()) + config.zoomBy));
  const generation = () => `${Math.round(map.getZoom())}|${query}`;

  function inView() {
    const bounds = map.getBounds().pad(0.1);
    const box = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
    return tileRange(box, tileZoom()).map((at) => {
      const path = config.url
        .replace("{z}", String(at.z))
        .replace("{x}", String(at.x))
        .replace("{y}", String(at.y));
      const address = query ? `${path}?${query}` : path;
      return { at, address, key: `${address}@${at.shift}` };
    });
  }

  function refresh() {
    store.want([...new Set(inView().map((each) => each.address))]);
    show();
  }

  function show() {
    const wanted = inView();
    const come = new Map(wanted.map((each) => [each.key, store.get(each.address)]));
    const failures = wanted.map((each) => (come.get(each.key) ? null : store.failure(each.address)));
    const complete = wanted.every((each, n) => come.get(each.key) || failures[n]);
    const nothing = wanted.every((each) => !come.get(each.key));
    // The very first tiles show as they come: there is nothing yet that they would tear.
    if (generation() !== shown && !nothing && (complete || !drawn.size)) {
      for (const key of [...drawn.keys()]) erase(key);
      shown = generation();
    }
    if (generation() === shown) {
      for (const { key, at } of wanted) {
        const tile = come.get(key);
        const old = drawn.get(key);
        if (!tile || old?.tile === tile) continue;
        old?.remove();
        drawn.set(key, { tile, at, remove: tools.draw(tile, at) });
      }
      if (complete) {
        const keys = new Set(wanted.map((each) => each.key));
        for (const key of [...drawn.keys()]) if (!keys.has(key)) erase(key);
      }
      tools.settled?.();
    }
    tools.onState({
      loading: !complete,
      truncated: wanted.some(({ key }) => /** @type {{truncated?: boolean}} */ (come.get(key))?.truncated),
      // A tile that is shown but could not be renewed is out of date: that is said as well.
      error: wanted.map((each) => store.failure(each.address)).find(Boolean) ?? null,
    });
  }

  /** @param {string} key */
  function erase(key) {
    drawn.get(key)?.remove();
    drawn.delete(key);
  }

  map.on("moveend", refresh);

  return {
    get query() {
      return query;
    },
    /** @param {string} words */
    setQuery(words) {
      if (words === query) return;
      query = words;
      refresh();
    },
    refresh,
    retry: store.retry,
    /** Draw everything again: what it is drawn with has changed. */
    redraw() {
      for (const [key, { tile, at, remove }] of drawn) {
        remove();
        drawn.set(key, { tile, at, remove: tools.draw(tile, at) });
      }
      tools.settled?.();
    },
  };
}
