import { GeoJSON, SVG } from "../../vendor/leaflet/leaflet-src.esm.js";
import { getJson } from "../lib/request.js";

/**
 * The outlines of the stored areas that the page filters by. One that cannot be had is not drawn: the filter
 * holds all the same.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string}} config  the address of an area, with {id} in it
 */
export function createAreaOutlines(map, config) {
  map.createPane("area-outlines").classList.add("area-outlines-pane");
  const renderer = new SVG({ pane: "area-outlines", padding: 0.4 });
  /** @type {Map<string, GeoJSON | null>} null: asked for, not there yet */
  const outlines = new globalThis.Map();

  /** @param {string} id */
  async function draw(id) {
    outlines.set(id, null);
    try {
      const feature = await getJson(config.url.replace("{id}", encodeURIComponent(id)));
      if (!outlines.has(id) || outlines.get(id)) return;
      const style = { className: "area-outline", renderer };
      outlines.set(id, new GeoJSON(/** @type {any} */ (feature), { interactive: false, style: () => style }).addTo(map));
    } catch {
      outlines.delete(id);
    }
  }

  return {
    /** Draw these areas and no others. @param {string[]} ids */
    show(ids) {
      for (const [id, outline] of outlines) {
        if (ids.includes(id)) continue;
        outline?.remove();
        outlines.delete(id);
      }
      for (const id of ids) if (!outlines.has(id)) void draw(id);
    },
  };
}
