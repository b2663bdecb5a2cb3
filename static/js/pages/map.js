import { Canvas, DivIcon, GeoJSON, LatLngBounds, Marker, Point } from "../../vendor/leaflet/leaflet-src.esm.js";
import { debounce } from "../lib/debounce.js";
import { icons as makeIcons } from "../lib/icons.js";
import { pageData } from "../lib/page-data.js";
import { wording } from "../lib/wording.js";
import { createAreaOutlines } from "../maps/area-outline.js";
import { createDistricts } from "../maps/districts.js";
import { createPageMap } from "../maps/page-map.js";
import { createSiteShapes } from "../maps/site-shapes.js";
import { createSiteTiles } from "../maps/site-tiles.js";
import { worldBoxes, wrapped } from "../maps/world-boxes.js";
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
/** The first zoom at which every site has a sign of its own. */
const pointsFrom = Number(mapConfig.layers.find((layer) => layer.type === "site-tiles")?.pointsFrom ?? 15);
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
/** @type {{tiles?: ReturnType<typeof createSiteTiles>, shapes?: ReturnType<typeof createSiteShapes>,
 *   districts?: ReturnType<typeof createDistricts>, areas?: ReturnType<typeof createAreaOutlines>}} */
const layers = {};
// One canvas: the lower of two would never hear of the pointer.
const renderer = new Canvas({ padding: 0.3, tolerance: 10 });
/** @type {Record<"tiles" | "shapes", import("../types.js").TileState | null>} */
const states = { tiles: null, shapes: null };
/** A single position whose sites the list shows instead of the view's. @type {[number, number, number, number] | null} */
let place = null;
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
  "site-shapes"(onMap, layer) {
    layers.shapes = createSiteShapes(onMap, layer, {
      settings,
      renderer,
      words,
      onSite: (id, lat, lon) => openCard(id, { lat, lon }),
      onState: (state) => tellState("shapes", state),
    });
  },
  "site-tiles"(onMap, layer) {
    layers.tiles = createSiteTiles(onMap, layer, {
      settings,
      renderer,
      words,
      onSite: (id, lat, lon) => openCard(id, { lat, lon }),
      onCluster: openCluster,
      onState: (state) => tellState("tiles", state),
      onRenewed: () => {
        list.forget();
        counts.forget();
        counts.update(filters.apiWords);
        updateList();
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

/** @param {"tiles" | "shapes"} layer @param {import("../types.js").TileState} state */
function tellState(layer, state) {
  states[layer] = state;
  const all = Object.values(states);
  map.getContainer().classList.toggle("page-map--loading", all.some((each) => each?.loading));
  const error = all.find((each) => each?.error)?.error;
  if (error) tell(words.say(error.name === "OfflineError" ? "offline" : "failed"));
  else if (states.tiles?.truncated) tell(words.say("map_capped"));
  // Further out the circles count every site, whatever is drawn below them.
  else if (states.shapes?.truncated && map.getZoom() >= pointsFrom) tell(words.say("shapes_capped"));
  else tell("");
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

/** @param {[number, number, number, number]} extent  west, south, east, north */
function openCluster(extent) {
  const [west, south, east, north] = extent;
  const bounds = new LatLngBounds([south, west], [north, east]);
  const zoom = map.getZoom();
  // Some two metres: no zoom takes these apart.
  if ((east - west < 2e-5 && north - south < 2e-5) || zoom >= map.getMaxZoom()) {
    listPlace(extent);
    return;
  }
  const covered = new Point(112, 96 + sheet.covered());
  if (map.getBoundsZoom(bounds, false, covered) > zoom && zoom < 17) zoomTo(bounds);
  else centreOn((south + north) / 2, (west + east) / 2, zoom + 1);
}

/** Several sites at one position: the list shows them, until the map moves. @param {[number, number, number, number]} extent */
function listPlace(extent) {
  if (card.openId) closeCard();
  place = extent;
  if (sheet.isSheet && sheet.stop === "peek") sheet.settle("half");
  updateList();
  /** @type {HTMLElement} */ (one("[data-list]")).focus({ preventScroll: true });
}

/** @param {number} lat @param {number} lon @param {number} zoom */
function centreOn(lat, lon, zoom) {
  const shift = sheet.covered() / 2;
  const point = map.project([lat, lon], zoom).add([0, shift]);
  map.setView(map.unproject(point, zoom), zoom);
}

const askForList = debounce(() => {
  if (place) {
    const [west, south, east, north] = place;
    // A position is rounded to a tenth of a metre; its box is not smaller.
    const box = { west: west - 2e-6, south: south - 2e-6, east: east + 2e-6, north: north + 2e-6 };
    const middle = { lat: (south + north) / 2, lon: wrapped((west + east) / 2) };
    list.update(filters.apiWords(), worldBoxes(box), middle, "in_place");
    return;
  }
  const { box, middle } = freeBox();
  list.update(filters.apiWords(), worldBoxes(box), { lat: middle.lat, lon: wrapped(middle.lon) });
}, 120);

function updateList() {
  list.expectChange();
  askForList();
}

/** @param {boolean} push */
function applyFilters(push) {
  place = null;
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
  const asked = filters.apiWords().toString();
  layers.tiles?.setQuery(asked);
  layers.shapes?.setQuery(asked);
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
  return { zoom: Math.round(map.getZoom()), lat: middle.lat, lon: wrapped(middle.lng) };
}

map.on("click", () => {
  if (!place) return;
  place = null;
  updateList();
});
map.on("moveend", () => {
  place = null;
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
  layers.tiles?.retry();
  layers.shapes?.retry();
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
layers.shapes?.refresh();
document.documentElement.classList.add("map-ready");
