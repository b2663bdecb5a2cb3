import { LayerGroup } from "../../vendor/leaflet/leaflet-src.esm.js";
import { clusterIcon } from "../maps/cluster-icon.js";
import { FlatMarker } from "../maps/flat-marker.js";
import { PointsPath } from "../maps/points-path.js";
import { stacks } from "../maps/stacks.js";
import { tileLayer } from "../maps/tile-layer.js";
import { drawLateSign } from "./draw-late-sign.js";

/** On white in every colour scheme, as all signs of the map. @type {Record<string, string>} */
const colours = { red: "#c0271f", yellow: "#b77900", risk: "#4b5966" };
const KEPT_PLACES = 40_000;
const MAX_TILE_ZOOM = 18;

/**
 * Late and at-risk sites, tile by tile; a cluster's ring says how many of them are red, yellow and at risk.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, query: string}} config
 * @param {object} tools
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Canvas} tools.renderer
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(id: string, lat: number, lon: number) => void} tools.onSite
 * @param {(extent: [number, number, number, number], count: number) => void} tools.onCluster
 * @param {(state: import("../types.js").TileState) => void} tools.onState
 */
export function createLateTiles(map, config, tools) {
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  /** @type {Map<string, object>} */
  const holders = new Map();

  const tiles = tileLayer(
    map,
    { ...config, zoomBy: 0, maxZoom: MAX_TILE_ZOOM, capacity: KEPT_PLACES, parallel: 4, session: true },
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
    radius: () => (map.getZoom() >= 15 ? 11 : 9) * scale,
    draw: drawLateSign,
    sign: (/** @type {import("../maps/points-path.js").Place} */ { light }) => ({ light: light ?? "risk", colours }),
  });
  const name = document.createElement("span");
  points.bindTooltip(name, { direction: "top", offset: [0, -12 * scale], className: "map-tip" });
  points.on("mouseover mousemove", () => {
    name.textContent = tools.words.say(points.touched?.light ?? "risk");
    points.openTooltip(points.getCenter());
  });
  points.on("click", () => tools.onSite(points.touched.id, points.touched.lat, points.touched.lon));
  points.addTo(map);

  /** @param {import("../types.js").Tile} tile @param {{z: number, x: number, y: number, shift: number}} at */
  function draw(tile, at) {
    const group = new LayerGroup();
    const key = `${at.z}/${at.x}/${at.y}@${at.shift}`;
    // A circle of several at one position shows their lights where the public map shows their kinds.
    const lit = tile.points.map(([lon, lat, id, , stage, service, light]) => {
      return /** @type {import("../types.js").TilePoint} */ ([lon, lat, id, light, stage, service, light]);
    });
    const { single, stacked } = stacks(lit);
    const places = single.map(([lon, lat, id, kind, stage, service, light]) => {
      return { id, lat, lon: lon + at.shift, kind, stage, service, light };
    });
    points.setPlaces(key, places);
    holders.set(key, places);
    for (const cluster of [...tile.clusters, ...stacked]) group.addLayer(clusterLayer(cluster, at.shift));
    group.addTo(map);
    return () => {
      group.remove();
      if (holders.get(key) === places) points.setPlaces(key, []);
    };
  }

  /** @param {import("../types.js").TileCluster} cluster @param {number} shift */
  function clusterLayer([lon, lat, count, [west, south, east, north], mix], shift) {
    const said = mix.filter(([word]) => word in colours);
    const named = said.map(([word, n]) => tools.words.say("mix", { name: tools.words.say(word), n }));
    const shares = said.length
      ? said.map(([word, n]) => ({ colour: colours[word], share: n / count }))
      : [{ colour: colours.risk, share: 1 }];
    const title = [tools.words.say("places", { n: tools.words.count(count) }), ...named].join(" · ");
    const marker = new /** @type {any} */ (FlatMarker)([lat, lon + shift], {
      icon: clusterIcon({ count, label: tools.words.short(count), shares, scale }),
      keyboard: false,
      title,
      alt: title,
      riseOnHover: true,
      zIndexOffset: count,
    });
    marker.on("click", () => tools.onCluster([west + shift, south, east + shift, north], count));
    return marker;
  }

  return { setQuery: tiles.setQuery, refresh: tiles.refresh, retry: tiles.retry };
}
