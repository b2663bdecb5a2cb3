import {
  Control,
  DomEvent,
  GridLayer,
  Map as LeafletMap,
  TileLayer,
} from "../../vendor/leaflet/leaflet-src.esm.js";
import { element } from "../lib/element.js";
import { crsFor } from "./crs.js";

/** A faint net of squares, so that an empty background shows movement and scale. */
const Net = GridLayer.extend({
  createTile: () => element("div", { class: "map-net" }),
});

/**
 * Draw the map that maps/pagemap.py defined.
 *
 * @param {HTMLElement} container
 * @param {import("../types.js").MapConfig} config
 * @param {Record<string, (map: LeafletMap, layer: any, notes: (key: string, text: string) => void) => void>} makers
 *   how to draw the layer types that need more than this module knows, by type
 * @returns {LeafletMap}
 */
export function createPageMap(container, config, makers = {}) {
  const map = new LeafletMap(container, {
    crs: crsFor(config.datum),
    minZoom: config.minZoom,
    maxZoom: config.maxZoom,
    zoomControl: false,
    attributionControl: false,
    zoomSnap: config.zoomSnap,
    tapTolerance: 20,
    worldCopyJump: true,
  });
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", config.label);
  const notes = credits(map);
  if (config.fit && config.bounds) map.fitBounds(config.bounds, { animate: false });
  else map.setView(config.center, config.zoom, { animate: false });

  if (config.basemap === "none") {
    map.createPane("net").classList.add("map-net-pane");
    new /** @type {any} */ (Net)({ pane: "net", updateWhenZooming: false }).addTo(map);
  }
  container.classList.toggle("page-map--bare", config.basemap === "none");

  /** @type {Record<string, (layer: any) => void>} */
  const known = {
    tiles(layer) {
      new TileLayer(layer.url, {
        subdomains: layer.subdomains,
        maxNativeZoom: layer.maxNativeZoom,
        maxZoom: layer.maxZoom,
        referrerPolicy: layer.referrerPolicy,
      }).addTo(map);
      notes("basemap", layer.attribution);
    },
    scale: () => void new Control.Scale({ imperial: false, position: "bottomleft" }).addTo(map),
    zoom(layer) {
      new Control.Zoom({
        position: "topright",
        zoomInTitle: layer.zoomIn,
        zoomOutTitle: layer.zoomOut,
      }).addTo(map);
    },
  };
  for (const layer of config.layers) {
    if (makers[layer.type]) makers[layer.type](map, layer, notes);
    else known[layer.type]?.(layer);
  }
  const tellZoom = () => container.setAttribute("data-zoom", String(Math.round(map.getZoom())));
  map.on("zoomend", tellZoom);
  tellZoom();
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(container);
  return map;
}

/**
 * Who drew the map, and its review number (审图号): text only, in the corner.
 *
 * @param {LeafletMap} map
 */
function credits(map) {
  const box = element("div", { class: "map-credits" });
  DomEvent.disableClickPropagation(box);
  const corner = new Control({ position: "bottomright" });
  corner.onAdd = () => box;
  corner.addTo(map);
  /** @type {Map<string, string>} */
  const texts = new globalThis.Map();
  return (/** @type {string} */ key, /** @type {string} */ text) => {
    texts.set(key, text);
    box.textContent = [...texts.values()].filter(Boolean).join(" · ");
  };
}
