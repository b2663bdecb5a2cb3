import { Canvas } from "../../vendor/leaflet/leaflet-src.esm.js";
import { pageData } from "../lib/page-data.js";
import { createDistricts } from "../maps/districts.js";
import { createPageMap } from "../maps/page-map.js";
import { createSiteGeometry } from "../maps/site-geometry.js";
import { createSiteShapes } from "../maps/site-shapes.js";
import { createSiteTiles } from "../maps/site-tiles.js";
import { wording } from "../lib/wording.js";

/** Draws every map of a page that has no script of its own for it. */
for (const container of document.querySelectorAll("[data-page-map]")) {
  const box = /** @type {HTMLElement} */ (container);
  /** @type {import("../types.js").Settings} */
  const settings = pageData("page-settings");
  const words = wording(settings);
  const renderer = new Canvas({ padding: 0.3, tolerance: 10 });
  const onSite = (/** @type {string} */ id) =>
    window.location.assign(settings.messages.site_url.replace("{id}", encodeURIComponent(id)));
  createPageMap(box, pageData(`${box.id}-config`), {
    districts: (map, layer, notes) =>
      void createDistricts(map, layer, { english: words.english, onNotice: (text) => notes("borders", text) }),
    "site-geometry": (map, layer) => createSiteGeometry(map, layer, { sprite: settings.sprites.kinds }),
    "site-shapes": (map, layer) =>
      createSiteShapes(map, layer, { settings, renderer, words, onSite, onState: () => {} }).refresh(),
    "site-tiles": (map, layer) => {
      const tiles = createSiteTiles(map, layer, {
        settings,
        renderer,
        words,
        onSite,
        onCluster: ([west, south, east, north]) =>
          map.fitBounds([[south, west], [north, east]], { padding: [40, 40], maxZoom: 17 }),
        onState: () => {},
      });
      tiles.refresh();
    },
  });
}
