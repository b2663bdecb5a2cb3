import { Canvas, GeoJSON } from "../../vendor/leaflet/leaflet-src.esm.js";
import { kindPaths } from "./kind-paths.js";
import { SitePoint } from "./site-point.js";

/**
 * One site as it is: a sign for a point, a stroke for a road or sewer, an area for a farm.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{geometry: any, colour: string, icon: string, hollow: boolean}} config
 * @param {{sprite: string}} tools
 */
export function createSiteGeometry(map, config, tools) {
  if (config.geometry.type !== "Point") {
    const outline = new GeoJSON(config.geometry, {
      interactive: false,
      style: () => ({
        className: config.hollow ? "site-shape site-shape--hollow" : "site-shape",
        color: config.colour,
        fillColor: config.colour,
      }),
    }).addTo(map);
    map.fitBounds(outline.getBounds(), { padding: [32, 32], maxZoom: 16, animate: false });
    return;
  }
  const [lon, lat] = config.geometry.coordinates;
  const renderer = new Canvas();
  kindPaths(tools.sprite).then((paths) => {
    const sign = {
      colour: config.colour,
      stage: config.hollow ? "building" : "finished",
      service: config.hollow ? "unknown" : "open",
      path: paths.get(config.icon),
    };
    const options = { renderer, radius: 16, interactive: false, sign };
    new /** @type {any} */ (SitePoint)([lat, lon], options).addTo(map);
  });
}
