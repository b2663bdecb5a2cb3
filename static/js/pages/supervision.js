import { Canvas, LatLngBounds } from "../../vendor/leaflet/leaflet-src.esm.js";
import { icons as makeIcons } from "../lib/icons.js";
import { pageData } from "../lib/page-data.js";
import { wording } from "../lib/wording.js";
import { createAreaOutlines } from "../maps/area-outline.js";
import { createDistricts } from "../maps/districts.js";
import { createPageMap } from "../maps/page-map.js";
import { areaDrawing } from "../supervision/area-drawing.js";
import { lateCard } from "../supervision/late-card.js";
import { createLateTiles } from "../supervision/late-tiles.js";

/** The supervisor's desk. The list, its filters and its explanations are the server's; this adds the map. */

/** What the map and its explanations need of the address: neither the page of the list nor its order. */
const LIST_WORDS = ["after", "before", "sort", "limit", "view"];

/** @template {HTMLElement} Kind @param {string} selector @returns {Kind} */
const one = (selector) => /** @type {Kind} */ (document.querySelector(selector));

/** @type {import("../types.js").DeskSettings} */
const settings = pageData("page-settings");
/** @type {import("../types.js").MapConfig} */
const mapConfig = pageData("desk-map-config");
const words = wording(settings);
const icons = makeIcons(settings.sprites);
const message = one("[data-map-message]");
const renderer = new Canvas({ padding: 0.3, tolerance: 10 });
/** @type {{tiles?: ReturnType<typeof createLateTiles>, areas?: ReturnType<typeof createAreaOutlines>}} */
const layers = {};
let drawing = false;

/** @param {string[]} [only] */
function asked(only) {
  // The server's reading of the address: empty where it was refused.
  const said = new URLSearchParams(settings.query);
  for (const name of new Set(said.keys())) {
    const empty = said.getAll(name).every((value) => !value.trim());
    if (empty || (only ? !only.includes(name) : LIST_WORDS.includes(name))) said.delete(name);
  }
  return said;
}

const card = lateCard(one("[data-card]"), {
  url: settings.api.late,
  query: () => asked(["as_of", "known_at", "due", "programme"]),
  words,
  icons,
  onClose: () => one("#desk-map").focus({ preventScroll: true }),
});

const map = createPageMap(one("#desk-map"), mapConfig, {
  districts(onMap, layer, notes) {
    createDistricts(onMap, layer, { english: words.english, onNotice: (text) => notes("borders", text) });
  },
  "area-outlines"(onMap, layer) {
    layers.areas = createAreaOutlines(onMap, layer);
  },
  "site-tiles"(onMap, layer) {
    layers.tiles = createLateTiles(onMap, layer, {
      renderer,
      words,
      onSite: (id, lat, lon) => {
        if (drawing) pen.add(lat, lon);
        else void card.open(id);
      },
      onCluster: openCluster,
      onState: tellState,
    });
  },
});

const pen = areaDrawing(one(".desk-map"), map, {
  settings,
  words,
  onDrawing: (on) => {
    drawing = on;
    if (on) card.close();
  },
});

/** @param {import("../types.js").TileState} state */
function tellState(state) {
  map.getContainer().classList.toggle("page-map--loading", state.loading);
  if (state.error) tell(words.say(state.error.name === "OfflineError" ? "offline" : "failed"));
  else tell(state.truncated ? words.say("map_capped") : "");
  if (!state.loading) map.getContainer().setAttribute("data-quiet", "");
  else map.getContainer().removeAttribute("data-quiet");
}

/** @param {string} text */
function tell(text) {
  if (message.textContent !== text) message.textContent = text;
  message.hidden = !text;
}

/** @param {[number, number, number, number]} extent @param {number} count */
function openCluster([west, south, east, north], count) {
  if (drawing) return;
  if ((east - west < 2e-5 && north - south < 2e-5) || map.getZoom() >= map.getMaxZoom()) {
    tell(words.say("in_place", { n: count }));
    return;
  }
  map.fitBounds(new LatLngBounds([south, west], [north, east]), { padding: [48, 48], maxZoom: 17 });
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const row = target.closest("[data-show-on-map]")?.closest("[data-site]");
  if (row instanceof HTMLElement) {
    map.setView([Number(row.dataset.lat), Number(row.dataset.lon)], 16, { animate: false });
    void card.open(row.dataset.site ?? "");
    one("[data-stage]").scrollIntoView({ block: "nearest" });
    return;
  }
  const link = target.closest("[data-copy-link]");
  if (link instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    void copy(link.href);
  }
});

/** @param {string} address */
async function copy(address) {
  const told = one("[data-copy-status]");
  try {
    await navigator.clipboard.writeText(address);
    told.textContent = words.say("copied");
  } catch {
    told.textContent = words.say("copy_failed");
  }
}

window.addEventListener("online", () => layers.tiles?.retry());
// Paper has no triangle to open: everything is printed.
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details[data-why]")) /** @type {HTMLDetailsElement} */ (each).open = true;
});

layers.areas?.show(asked(["area"]).getAll("area").flatMap((value) => value.split(",")));
layers.tiles?.setQuery(asked().toString());
layers.tiles?.refresh();
document.documentElement.classList.add("map-ready");
