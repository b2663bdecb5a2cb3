import { request } from "../lib/request.js";
import { handles } from "../admin/handles.js";
import { Shape } from "../admin/shape.js";
import { vertexTable } from "../admin/vertex-table.js";

/**
 * Draw a polygon on the desk's map, by mouse, by touch, or with the keyboard alone (move the map, add its centre; type
 * numbers); store it through the staff API, and go to the address that filters by it.
 *
 * @param {HTMLElement} root  the section of the map
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {object} tools
 * @param {import("../types.js").DeskSettings} tools.settings
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(drawing: boolean) => void} tools.onDrawing
 */
export function areaDrawing(root, map, tools) {
  /** @template {HTMLElement} Kind @param {string} name @returns {Kind} */
  const find = (name) => {
    const found = root.querySelector(`[data-draw${name}]`);
    if (!(found instanceof HTMLElement)) throw new Error(`the desk has no data-draw${name}`);
    return /** @type {Kind} */ (found);
  };
  const pen = /** @type {HTMLButtonElement} */ (find(""));
  const panel = find("-panel");
  const status = find("-status");
  const undo = /** @type {HTMLButtonElement} */ (find("-undo"));
  const save = /** @type {HTMLButtonElement} */ (find("-save"));
  const name = /** @type {HTMLInputElement} */ (find("-name"));
  const stage = /** @type {HTMLElement} */ (root.querySelector("[data-stage]"));
  const shape = new Shape("polygon");
  let drawing = false;

  const draw = handles(map, "#0b5a87", {
    onMove: (index, lon, lat) => edit(() => (shape.vertices[index] = [lon, lat])),
    onInsert: (index, lon, lat) => edit(() => shape.vertices.splice(index + 1, 0, [lon, lat])),
    onDelete: (index) => edit(() => shape.vertices.splice(index, 1)),
  });
  const table = vertexTable(find("-vertices"), tools.settings.labels, {
    onMove: (index, lon, lat) => edit(() => (shape.vertices[index] = [lon, lat])),
    onInsert: (index) => edit(() => shape.vertices.splice(index + 1, 0, between(index))),
    onDelete: (index) => edit(() => shape.vertices.splice(index, 1)),
  });

  pen.addEventListener("click", () => begin(!drawing));
  find("-cancel").addEventListener("click", () => begin(false));
  find("-centre").addEventListener("click", () => add(map.getCenter()));
  undo.addEventListener("click", () => {
    if (shape.undo()) show();
  });
  save.addEventListener("click", () => void store());
  map.on("click", (event) => {
    if (drawing) add(event.latlng);
  });
  root.addEventListener("keydown", (event) => {
    if (drawing && event.key === "Escape") begin(false);
  });

  /** @param {boolean} on */
  function begin(on) {
    drawing = on;
    panel.hidden = !on;
    pen.setAttribute("aria-expanded", String(on));
    stage.classList.toggle("desk-map__stage--drawing", on);
    map.doubleClickZoom[on ? "disable" : "enable"]();
    shape.clear();
    shape.past.length = 0;
    say(on ? tools.words.say("drawing") : "");
    show();
    tools.onDrawing(on);
    if (!on) pen.focus();
  }

  /** @param {{lat: number, lng: number}} at */
  function add(at) {
    edit(() => shape.vertices.push([at.lng, at.lat]));
  }

  /** @param {() => void} change */
  function edit(change) {
    shape.remember();
    change();
    show();
  }

  /** @param {number} index @returns {import("../admin/shape.js").Position} */
  function between(index) {
    const here = shape.vertices[index];
    const next = shape.vertices[(index + 1) % shape.vertices.length];
    return [(here[0] + next[0]) / 2, (here[1] + next[1]) / 2];
  }

  function show() {
    draw(shape, shape.vertices.length < 3);
    table(shape.vertices, 3);
    undo.disabled = shape.past.length === 0;
  }

  /** @param {string} text */
  function say(text) {
    status.textContent = text;
  }

  async function store() {
    if (!shape.complete) {
      say(tools.words.say("too_few"));
      return;
    }
    save.disabled = true;
    say(tools.words.say("stored"));
    try {
      const token = document.querySelector("input[name=csrfmiddlewaretoken]");
      const feature = {
        type: "Feature",
        properties: { name: name.value.trim() },
        geometry: JSON.parse(shape.text()),
      };
      const answer = await request(tools.settings.api.areas, {
        english: tools.words.english,
        post: { token: /** @type {HTMLInputElement} */ (token).value, body: feature },
      });
      const { id } = await answer.json();
      const address = new URL(location.href);
      for (const word of ["after", "before"]) address.searchParams.delete(word);
      address.searchParams.append("area", id);
      address.hash = "";
      location.assign(address);
    } catch (error) {
      const { name: kind, message } = /** @type {Error} */ (error);
      // The server says what is wrong with the shape, and where.
      say(kind === "ProblemError" ? message : tools.words.say(kind === "OfflineError" ? "offline" : "failed"));
    } finally {
      save.disabled = false;
    }
  }

  return {
    /** A point that was touched on something that lies on the map. @param {number} lat @param {number} lon */
    add: (lat, lon) => add({ lat, lng: lon }),
  };
}
