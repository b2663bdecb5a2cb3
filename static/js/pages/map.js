import { DivIcon, GeoJSON, LatLngBounds, Marker } from "../../vendor/leaflet/leaflet-src.esm.js";
import { debounce } from "../lib/debounce.js";
import { icons as makeIcons } from "../lib/icons.js";
import { pageData } from "../lib/page-data.js";
import { wording } from "../lib/wording.js";
import { createAreaOutlines } from "../maps/area-outline.js";
import { createDistricts } from "../maps/districts.js";
import { createPageMap } from "../maps/page-map.js";
import { createSiteTiles } from "../maps/site-tiles.js";
import { facetCounts } from "../map/facet-counts.js";
import { filterForm } from "../map/filter-form.js";
import { locateButton } from "../map/locate.js";
import { pageAddress } from "../map/page-address.js";
import { results } from "../map/results.js";
import { bottomSheet } from "../map/sheet.js";
import { siteCard } from "../map/site-card.js";

/** The map page: puts its parts together; each part lives in ../map and ../maps. */

/** @template {Element} Kind @param {string} selector @returns {Kind} */
const one = (selector) => /** @type {Kind} */ (document.querySelector(selector));

/** @type {import("../types.js").Settings} */
const settings = pageData("page-settings");
/** @type {import("../types.js").MapConfig} */
const mapConfig = pageData("map-config");
const words = wording(settings);
const icons = makeIcons(settings.sprites);
const address = pageAddress();
const start = address.read();
const panel = /** @type {HTMLElement} */ (one("[data-panel]"));
const form = /** @type {HTMLFormElement} */ (one("[data-filters]"));
const message = /** @type {HTMLElement} */ (one("[data-map-message]"));
const listView = /** @type {HTMLElement} */ (one("[data-list-view]"));
const card = siteCard(one("[data-card]"), {
  settings,
  words,
  icons,
  onClose: () => closeCard(),
  onLoaded: (site) => markChosen(site),
});

/** @type {Marker | null} */
let chosen = null;
/** @type {{tiles?: ReturnType<typeof createSiteTiles>, districts?: ReturnType<typeof createDistricts>,
 *   areas?: ReturnType<typeof createAreaOutlines>}} */
const layers = {};
/** @type {GeoJSON | null} */
let chosenShape = null;
let pushedCard = false;
let ready = false;
let locateSays = "";

const map = createPageMap(one("#map"), mapConfig, {
  districts(onMap, layer, notes) {
    layers.districts = createDistricts(onMap, layer, {
      english: words.english,
      onNotice(text) {
        notes("borders", text);
        const extent = start.view ? null : layers.districts?.extentOf(filters.division);
        if (extent) zoomTo(extent);
      },
    });
  },
  "area-outlines"(onMap, layer) {
    layers.areas = createAreaOutlines(onMap, layer);
  },
  "site-tiles"(onMap, layer) {
    layers.tiles = createSiteTiles(onMap, layer, {
      settings,
      words,
      onSite: (id, lat, lon) => openCard(id, { lat, lon }),
      onCluster: ([west, south, east, north]) => zoomTo(new LatLngBounds([south, west], [north, east])),
      onState: (state) => {
        map.getContainer().classList.toggle("page-map--loading", state.loading);
        const trouble = state.error && words.say(state.error.name === "OfflineError" ? "offline" : "failed");
        tell(trouble || (state.truncated ? words.say("map_capped") : ""));
      },
    });
  },
});

const sheet = bottomSheet(panel, {
  grip: one("[data-grip]"),
  head: one("[data-sheet-head]"),
  words,
  onSettle: () => ready && updateList(),
});
const filters = filterForm(form, { words, icons, onChange: (push) => applyFilters(push) });
const counts = facetCounts(form, { url: settings.api.facets, words });
const list = results(panel, {
  settings,
  words,
  icons,
  onOpen: (site) => openCard(site.id, null, site),
  onWiden: () => map.zoomOut(1),
  onClear: () => filters.clear(),
  isNarrowed: () => filters.isNarrowed,
});
locateButton(one("[data-locate]"), map, {
  words,
  bounds: mapConfig.bounds,
  tell: (text) => {
    locateSays = text;
    tell("");
  },
  onPosition: (lat, lon) => centreOn(lat, lon, Math.max(15, map.getZoom())),
});

/** Messages over the map: what the position button has to say comes first. @param {string} text */
function tell(text) {
  const said = locateSays || text;
  if (message.textContent !== said) message.textContent = said;
  message.hidden = !said;
}

/** The part of the map that the sheet leaves free. */
function freeBox() {
  const size = map.getSize();
  const bottom = Math.max(80, size.y - sheet.covered());
  const northWest = map.containerPointToLatLng([0, 0]);
  const southEast = map.containerPointToLatLng([size.x, bottom]);
  const middle = map.containerPointToLatLng([size.x / 2, bottom / 2]);
  return {
    box: { west: northWest.lng, north: northWest.lat, east: southEast.lng, south: southEast.lat },
    middle: { lat: middle.lat, lon: middle.lng },
  };
}

/** @param {LatLngBounds} bounds */
function zoomTo(bounds) {
  map.fitBounds(bounds, {
    paddingTopLeft: [48, 48],
    paddingBottomRight: [64, 48 + sheet.covered()],
    maxZoom: 17,
  });
}

/** @param {number} lat @param {number} lon @param {number} zoom */
function centreOn(lat, lon, zoom) {
  const shift = sheet.covered() / 2;
  const point = map.project([lat, lon], zoom).add([0, shift]);
  map.setView(map.unproject(point, zoom), zoom);
}

const askForList = debounce(() => {
  const { box, middle } = freeBox();
  list.update(filters.apiWords(), box, middle);
}, 120);

function updateList() {
  list.expectChange();
  askForList();
}

/** @param {boolean} push */
function applyFilters(push) {
  address.record({ words: filters.words() }, push);
  refresh();
  const area = filters.division;
  if (push && area) {
    const extent = layers.districts?.extentOf(area);
    if (extent) zoomTo(extent);
  }
}

function refresh() {
  filters.showActive();
  layers.districts?.choose(filters.division);
  layers.areas?.show(filters.areas);
  layers.tiles?.setQuery(filters.apiWords().toString());
  counts.update(filters.apiWords);
  updateList();
}

/**
 * @param {string} id
 * @param {{lat: number, lon: number} | null} at  where it was touched on the map
 * @param {import("../types.js").SiteFeature} [site]
 * @param {boolean} [push]
 */
function openCard(id, at, site, push = true) {
  const already = card.openId !== "";
  listView.hidden = true;
  if (sheet.isSheet && sheet.stop === "peek") sheet.settle("half");
  if (push) {
    address.record({ site: id, view: viewNow() }, !already);
    pushedCard = pushedCard || !already;
  }
  card.open(id, site);
  if (at) mark(at.lat, at.lon);
  else if (site) markChosen(site);
}

/** Close the card by its own button: one step back where opening it was a step. */
function closeCard() {
  if (pushedCard) {
    pushedCard = false;
    history.back();
    return;
  }
  hideCard();
  address.record({ site: "" });
}

function hideCard() {
  listView.hidden = false;
  card.close();
  chosen?.remove();
  chosenShape?.remove();
  chosen = chosenShape = null;
  updateList();
}

/** @param {import("../types.js").SiteFeature} site */
function markChosen(site) {
  if (site.geometry.type === "Point") {
    const [lon, lat] = /** @type {[number, number]} */ (site.geometry.coordinates);
    mark(lat, lon);
    return;
  }
  chosenShape?.remove();
  const { colour } = site.properties.kind;
  chosenShape = new GeoJSON(/** @type {any} */ (site.geometry), {
    interactive: false,
    style: { className: "site-shape", color: colour, fillColor: colour },
  }).addTo(map);
}

/** @param {number} lat @param {number} lon */
function mark(lat, lon) {
  chosen ??= new Marker([lat, lon], {
    interactive: false,
    keyboard: false,
    zIndexOffset: 100000,
    icon: new DivIcon({ className: "chosen-site", html: icons.ui("pin", "chosen-site__pin"), iconSize: [0, 0] }),
  });
  chosen.setLatLng([lat, lon]).addTo(map);
  const size = map.getSize();
  const at = map.latLngToContainerPoint([lat, lon]);
  const bottom = size.y - sheet.covered();
  const out = at.x < 24 || at.y < 48 || at.x > size.x - 24 || at.y > bottom - 16;
  if (out) centreOn(lat, lon, map.getZoom());
}

function viewNow() {
  const middle = map.getCenter();
  return { zoom: Math.round(map.getZoom()), lat: middle.lat, lon: middle.lng };
}

map.on("moveend", () => {
  address.record({ view: viewNow() });
  updateList();
});

address.onReturn(() => {
  const state = address.read();
  filters.fill(state.words);
  if (state.view && !same(state.view, viewNow())) {
    map.setView([state.view.lat, state.view.lon], state.view.zoom, { animate: false });
  }
  if (state.site) openCard(state.site, null, undefined, false);
  else if (card.openId) {
    pushedCard = false;
    hideCard();
  }
  refresh();
});

/** @param {import("../types.js").View} a @param {import("../types.js").View} b */
function same(a, b) {
  return a.zoom === b.zoom && Math.abs(a.lat - b.lat) < 1e-4 && Math.abs(a.lon - b.lon) < 1e-4;
}

window.addEventListener("online", () => {
  layers.tiles?.refresh();
  list.retry();
});
one("[data-clear]")?.addEventListener("click", () => filters.clear());
one("[data-more-kinds]")?.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  button.textContent = words.say(open ? "fewer_kinds" : "more_kinds");
  one("[data-kinds]").classList.toggle("chips--all", open);
});

filters.fill(start.words);
if (start.view) map.setView([start.view.lat, start.view.lon], start.view.zoom, { animate: false });
else if (mapConfig.fit && mapConfig.bounds) {
  map.fitBounds(mapConfig.bounds, { paddingBottomRight: [0, sheet.covered()], animate: false });
}
if (start.site) openCard(start.site, null, undefined, false);
/** @type {HTMLDetailsElement} */ (one(".more-filters")).open = false;
ready = true;
refresh();
layers.tiles?.refresh();
document.documentElement.classList.add("map-ready");
