import { GeoJSON, LatLngBounds, Map as LeafletMap, SVG } from "../../vendor/leaflet/leaflet-src.esm.js";
import { element } from "../lib/element.js";
import { coordinateSearch } from "./coordinate-search.js";
import { handles, mark } from "./handles.js";
import { Shape } from "./shape.js";
import { vertexTable } from "./vertex-table.js";

/** @type {[[number, number], [number, number]]} */
const EVERYWHERE = [[-60, -180], [75, 180]];

/**
 * The map on a form: draws a point, a line or a polygon into the form's GeoJSON field, shows borders, needs no
 * basemap. The datum of typed coordinates is the server's business.
 *
 * @param {HTMLElement} root
 */
export function geometryEditor(root) {
  const config = JSON.parse(document.getElementById(root.dataset.config ?? "")?.textContent ?? "{}");
  /** @type {Record<string, string>} */
  const labels = config.labels;
  const geojson = /** @type {HTMLTextAreaElement} */ (find("geojson"));
  const pairs = /** @type {HTMLTextAreaElement} */ (find("pairs"));
  const status = find("status");
  const container = find("map");
  container.hidden = false;

  const map = new LeafletMap(container, {
    zoomControl: true,
    attributionControl: false,
    doubleClickZoom: false,
    maxZoom: 19,
    renderer: new SVG({ padding: 0.4 }),
  });
  map.zoomControl.setPosition("bottomright");
  const borders = drawBorders();
  const shape = new Shape(config.type);
  let drawing = false;

  const draw = handles(map, config.colour, {
    onMove: (index, lon, lat) => edit(() => (shape.vertices[index] = [lon, lat])),
    onInsert: (index, lon, lat) => edit(() => shape.vertices.splice(index + 1, 0, [lon, lat])),
    onDelete: (index) => removeVertex(index),
  });
  const table = vertexTable(find("vertices"), labels, {
    onMove: (index, lon, lat) => edit(() => (shape.vertices[index] = [lon, lat])),
    onInsert: (index) => edit(() => shape.vertices.splice(index + 1, 0, between(index))),
    onDelete: (index) => removeVertex(index),
  });
  const buttons = toolbar();

  readField();
  fit();
  say(shape.complete ? (config.type === "point" ? labels.drawPoint : labels.editPath) : "");
  if (!shape.complete && !pairs.value) setDrawing(true);

  map.on("click", (event) => {
    if (config.type === "point") {
      edit(() => (shape.vertices = [[event.latlng.lng, event.latlng.lat]]));
      setDrawing(false);
    } else if (drawing) {
      edit(() => shape.vertices.push([event.latlng.lng, event.latlng.lat]));
    }
  });
  container.addEventListener("keydown", (event) => {
    if (!drawing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      setDrawing(false);
    } else if (event.key === "Backspace" || event.key === "Escape") {
      event.preventDefault();
      undo();
    }
  });
  geojson.addEventListener("change", () => {
    shape.remember();
    if (readField()) fit();
  });
  coordinateSearch(
    {
      pairs,
      datum: /** @type {HTMLSelectElement} */ (find("datum")),
      order: /** @type {HTMLSelectElement} */ (find("order")),
      button: /** @type {HTMLButtonElement} */ (find("locate")),
    },
    config.locateUrl,
    labels,
    {
      say,
      onFound: (points) => {
        if (config.type === "point" || points.length >= shape.needed) {
          shape.remember();
          shape.several = null;
          shape.vertices = config.type === "point" ? [points[0]] : points;
          setDrawing(false);
          show();
          fit();
        } else {
          map.setView([points[0][1], points[0][0]], Math.max(map.getZoom(), 15));
        }
        mark(map, points[0][0], points[0][1]);
      },
    },
  );

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  function find(name) {
    const found = root.querySelector(`[data-${name}]`);
    if (!(found instanceof HTMLElement)) throw new Error(`the geometry editor has no ${name}`);
    return found;
  }

  /** A change by hand: it makes typed coordinates void, which would win on the server. @param {() => void} change */
  function edit(change) {
    shape.remember();
    shape.several = null;
    change();
    if (pairs.value) {
      pairs.value = "";
      say(labels.moved);
    }
    show();
  }

  /** @param {number} index */
  function removeVertex(index) {
    if (shape.vertices.length > shape.needed) edit(() => shape.vertices.splice(index, 1));
  }

  /** @param {number} index @returns {import("./shape.js").Position} */
  function between(index) {
    const here = shape.vertices[index];
    const last = index + 1 === shape.vertices.length;
    if (last && config.type === "line") return [here[0] + 0.0005, here[1]];
    const next = shape.vertices[(index + 1) % shape.vertices.length];
    return [(here[0] + next[0]) / 2, (here[1] + next[1]) / 2];
  }

  function show() {
    geojson.value = shape.text();
    redraw();
  }

  function redraw() {
    draw(shape, drawing);
    table(drawing ? [] : shape.vertices, shape.needed);
    buttons.update();
  }

  function readField() {
    const readable = shape.read(geojson.value);
    if (!readable) say(labels.unreadable, true);
    else if (shape.several) say(labels.several);
    redraw();
    return readable;
  }

  function undo() {
    if (shape.undo()) show();
  }

  /** @param {boolean} on */
  function setDrawing(on) {
    drawing = on;
    container.classList.toggle("geometry-editor__map--drawing", on);
    if (on) say(config.type === "point" ? labels.drawPoint : labels.drawPath);
    else if (shape.complete && config.type !== "point") say(labels.editPath);
    redraw();
  }

  function fit() {
    const bounds = new LatLngBounds([]);
    const several = shape.several ? new GeoJSON(/** @type {any} */ (shape.several)).getBounds() : null;
    if (several) bounds.extend(several);
    for (const [lon, lat] of shape.vertices) bounds.extend([lat, lon]);
    // Without a basemap a point is placed by the borders around it: stay far enough away to see them.
    const maxZoom = bounds.isValid() && bounds.getNorthEast().equals(bounds.getSouthWest()) ? 12 : 15;
    if (bounds.isValid()) map.fitBounds(bounds, { maxZoom, padding: [40, 40], animate: false });
    else if (borders.isValid()) map.fitBounds(borders, { padding: [10, 10], animate: false });
    else map.fitBounds(EVERYWHERE, { animate: false });
  }

  function drawBorders() {
    const all = new LatLngBounds([]);
    const chosen = new LatLngBounds([]);
    for (const border of config.borders) {
      const layer = new GeoJSON(border.geometry, {
        interactive: false,
        style: {
          color: border.chosen ? "#8a4b00" : "#7a8793",
          weight: border.chosen ? 3 : 1.5,
          fillColor: border.chosen ? "#fff6dc" : "#fbfaf6",
          fillOpacity: 0.9,
        },
      });
      layer.bindTooltip(element("span", {}, border.name), {
        permanent: true,
        direction: "center",
        className: "border-name",
      });
      if (border.chosen) chosen.extend(layer.getBounds());
      all.extend(layer.getBounds());
      layer.addTo(map);
    }
    return chosen.isValid() ? chosen : all;
  }

  function toolbar() {
    const bar = find("tools");
    bar.hidden = false;
    /** @param {string} label @param {() => void} act */
    const add = (label, act) => {
      const button = element("button", { type: "button" }, label);
      button.addEventListener("click", act);
      bar.append(button);
      return button;
    };
    const pen = add(labels.draw, () => {
      if (drawing) {
        setDrawing(false);
        return;
      }
      if (config.type !== "point") edit(() => shape.clear());
      setDrawing(true);
    });
    const back = add(labels.undo, undo);
    const remove = add(labels.remove, () => {
      edit(() => shape.clear());
      setDrawing(true);
    });
    add(labels.fit, fit);
    return {
      update: () => {
        pen.textContent = drawing ? labels.finish : shape.vertices.length || shape.several ? labels.redraw : labels.draw;
        pen.hidden = config.type === "point";
        pen.setAttribute("aria-pressed", String(drawing));
        pen.disabled = drawing && shape.vertices.length > 0 && !shape.complete;
        back.disabled = shape.past.length === 0;
        remove.disabled = !shape.vertices.length && !shape.several;
      },
    };
  }

  /**
   * @param {string} text
   * @param {boolean} [bad]
   * @param {HTMLElement} [offer]
   */
  function say(text, bad = false, offer) {
    status.classList.toggle("geometry-editor__status--bad", bad);
    status.replaceChildren(text, ...(offer ? [" ", offer] : []));
  }
}

for (const root of document.querySelectorAll("[data-geometry-editor]")) {
  if (root instanceof HTMLElement) geometryEditor(root);
}
