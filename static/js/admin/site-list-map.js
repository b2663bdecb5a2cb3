import { Canvas, CircleMarker, LatLngBounds } from "../../vendor/leaflet/leaflet-src.esm.js";
import { element } from "../lib/element.js";
import { pageData } from "../lib/page-data.js";
import { wording } from "../lib/wording.js";
import { createDistricts } from "../maps/districts.js";
import { createPageMap } from "../maps/page-map.js";
import { createSiteTiles } from "../maps/site-tiles.js";

/** The list of sites and its map: a row shows its point, a point its row. The filters are the server's. */

/** What narrows no list and would only make the same tile another one. */
const LIST_WORDS = ["after", "before", "o", "all", "p"];

/** @template {HTMLElement} Kind @param {string} selector @returns {Kind} */
const one = (selector) => /** @type {Kind} */ (document.querySelector(selector));

/** @type {import("../types.js").ListMapSettings} */
const settings = pageData("list-map-settings");
const words = wording(settings);
const pane = one("[data-list-map]");
const message = one("[data-map-message]");
const layout = one("[data-worklist]");
const renderer = new Canvas({ padding: 0.3, tolerance: 10 });
/** @type {Map<string, HTMLButtonElement>} */
const places = new Map();
for (const button of document.querySelectorAll("[data-place]")) {
  if (button instanceof HTMLButtonElement) {
    places.set(button.dataset.place ?? "", button);
    button.hidden = false;
  }
}

pane.hidden = false;
one("[data-list-views]").hidden = false;
show(matchMedia("(min-width: 75rem)").matches ? "both" : "table");

/** @type {ReturnType<typeof createSiteTiles> | undefined} */
let tiles;
/** @type {import("../../vendor/leaflet/leaflet-src.esm.js").Map | undefined} */
let map;
/** @type {CircleMarker | undefined} */
let ring;

/** A hidden map has no size to draw for: it is made when it is first seen. */
function drawn() {
  if (map) return map;
  map = createPageMap(one("#list-map"), pageData("list-map-config"), {
    districts(onMap, layer) {
      createDistricts(onMap, layer, { english: words.english, onNotice: () => undefined });
    },
    "site-tiles"(onMap, layer) {
      tiles = createSiteTiles(
        onMap,
        { ...layer, session: true },
        {
          settings,
          renderer,
          words,
          onSite: pick,
          onCluster: openCluster,
          onState: tellState,
        }
      );
    },
  });
  const query = new URLSearchParams(settings.query);
  for (const name of LIST_WORDS) query.delete(name);
  tiles?.setQuery(query.toString());
  tiles?.refresh();
  document.documentElement.classList.add("map-ready");
  return map;
}

/** @param {string} view "table", "map" or "both" */
function show(view) {
  layout.dataset.worklist = view;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.view === view));
  }
  if (view !== "table") requestAnimationFrame(() => drawn().invalidateSize());
}

/** A point was touched. @param {string} id @param {number} lat @param {number} lon */
function pick(id, lat, lon) {
  mark(lat, lon);
  const row = places.get(id);
  select(row);
  if (row) {
    tell("");
    row.scrollIntoView({ block: "center" });
    row.closest("tr")?.querySelector("a")?.focus({ preventScroll: true });
    return;
  }
  const link = element("a", { href: settings.open.replace("{id}", encodeURIComponent(id)) }, words.say("open"));
  tell(words.say("elsewhere"), link);
}

/** @param {HTMLElement | undefined} button */
function select(button) {
  for (const row of document.querySelectorAll("tr.on-map")) row.classList.remove("on-map");
  button?.closest("tr")?.classList.add("on-map");
}

/** @param {number} lat @param {number} lon */
function mark(lat, lon) {
  ring?.remove();
  ring = new CircleMarker([lat, lon], { radius: 18, className: "list-map__ring", interactive: false, fill: false });
  ring.addTo(drawn());
}

/** @param {[number, number, number, number]} extent */
function openCluster([west, south, east, north]) {
  const onMap = drawn();
  if ((east - west < 2e-5 && north - south < 2e-5) || onMap.getZoom() >= onMap.getMaxZoom()) {
    tell(words.say("in_place"));
    return;
  }
  onMap.fitBounds(new LatLngBounds([south, west], [north, east]), { padding: [40, 40], maxZoom: 17 });
}

/** @param {import("../types.js").TileState} state */
function tellState(state) {
  const container = drawn().getContainer();
  container.classList.toggle("page-map--loading", state.loading);
  container.toggleAttribute("data-quiet", !state.loading);
  if (state.error) tell(words.say(state.error.name === "OfflineError" ? "offline" : "failed"));
  else if (state.truncated) tell(words.say("map_capped"));
}

/** @param {string} text @param {HTMLElement} [link] */
function tell(text, link) {
  message.replaceChildren(text, ...(link ? [" ", link] : []));
  message.hidden = !text;
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const view = target.closest("[data-view]");
  if (view instanceof HTMLElement) {
    show(view.dataset.view ?? "table");
    return;
  }
  const place = target.closest("[data-place]");
  if (!(place instanceof HTMLElement)) return;
  if (layout.dataset.worklist === "table") show(matchMedia("(min-width: 75rem)").matches ? "both" : "map");
  const [lat, lon] = [Number(place.dataset.lat), Number(place.dataset.lon)];
  select(place);
  drawn().setView([lat, lon], Math.max(drawn().getZoom(), 16), { animate: false });
  mark(lat, lon);
  tell("");
});

window.addEventListener("online", () => tiles?.retry());
