import { DivIcon, GeoJSON, Marker, SVG } from "../../vendor/leaflet/leaflet-src.esm.js";
import { getJson } from "../lib/request.js";

/**
 * Borders, their names, and the steps of a shaded map. Without an answer the map just has no borders.
 *
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {{url: string, shades: Record<string, number>, links: Record<string, string>, chosen: string}} config
 * @param {{english: boolean, onNotice: (notice: string) => void}} tools
 */
export function createDistricts(map, config, tools) {
  map.createPane("districts").classList.add("districts-pane");
  map.createPane("district-names").classList.add("district-names-pane");
  const renderer = new SVG({ pane: "districts", padding: 0.4 });
  /** @type {Map<string, GeoJSON>} */
  const outlines = new Map();
  let chosen = config.chosen;

  getJson(config.url)
    .then((answer) => {
      const features = /** @type {{features: any[]}} */ (answer).features.filter((feature) => feature.geometry);
      const notices = new Set();
      for (const feature of features) {
        add(feature);
        const words = feature.properties;
        notices.add(words.review_number || (tools.english ? words.notice_en : words.notice_zh) || "");
      }
      notices.delete("");
      tools.onNotice([...notices].join(" "));
    })
    .catch(() => tools.onNotice(""));

  /** @param {any} feature */
  function add(feature) {
    const { code, name_zh, name_en } = feature.properties;
    const link = config.links[code];
    const outline = new GeoJSON(feature, {
      interactive: Boolean(link),
      style: () => ({
        renderer,
        className: classesOf(code),
        interactive: Boolean(link),
      }),
    });
    if (link) outline.on("click", () => window.location.assign(link));
    outline.addTo(map);
    outlines.set(code, outline);
    const [lat, lon] = middle(feature.geometry);
    const name = document.createElement("span");
    // On the map the plain name will do: the list and the pages have the whole one.
    name.textContent = (tools.english && name_en.replace(/ (District|County|City)$/, "")) || name_zh;
    new Marker([lat, lon], {
      pane: "district-names",
      interactive: false,
      keyboard: false,
      icon: new DivIcon({ className: "district-name", html: name, iconSize: [0, 0] }),
    }).addTo(map);
  }

  /** @param {string} code */
  function classesOf(code) {
    const classes = ["district"];
    if (code in config.shades) classes.push(`district--step-${config.shades[code]}`);
    if (config.links[code]) classes.push("district--link");
    if (code === chosen) classes.push("district--chosen");
    return classes.join(" ");
  }

  return {
    /** Make one area stand out; an empty code: none. @param {string} code */
    choose(code) {
      if (code === chosen) return;
      const before = chosen;
      chosen = code;
      for (const each of [before, code]) {
        outlines.get(each)?.eachLayer((layer) => {
          const path = /** @type {any} */ (layer).getElement?.();
          path?.classList.toggle("district--chosen", each === chosen);
          if (each === chosen) /** @type {any} */ (layer).bringToFront?.();
        });
      }
    },
    /** The extent of an area, once its border has come. @param {string} code */
    extentOf: (code) => outlines.get(code)?.getBounds() ?? null,
  };
}

/**
 * Where to write the name: the centroid of the largest ring.
 *
 * @param {{type: string, coordinates: any}} geometry
 * @returns {[number, number]} latitude, longitude
 */
function middle(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let best = { area: -1, lat: 0, lon: 0 };
  for (const [ring] of polygons) {
    let [area, lon, lat] = [0, 0, 0];
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const [[x0, y0], [x1, y1]] = [ring[at], ring[at + 1]];
      const cross = x0 * y1 - x1 * y0;
      area += cross;
      lon += (x0 + x1) * cross;
      lat += (y0 + y1) * cross;
    }
    if (area !== 0 && Math.abs(area) > best.area) {
      best = { area: Math.abs(area), lat: lat / (3 * area), lon: lon / (3 * area) };
    }
  }
  return [best.lat, best.lon];
}
