import { element } from "../lib/element.js";

/** More rows than this are a burden, not a help: the map and the coordinate field remain. */
const MOST_ROWS = 200;

/**
 * The vertices as a table of numbers: everything the map can do, without a mouse.
 *
 * @param {HTMLElement} place
 * @param {Record<string, string>} labels
 * @param {{
 *   onMove: (index: number, lon: number, lat: number) => void,
 *   onDelete: (index: number) => void,
 *   onInsert: (index: number) => void,
 * }} on
 * @returns {(vertices: import("./shape.js").Position[], needed: number) => void} draw the table again
 */
export function vertexTable(place, labels, on) {
  return (vertices, needed) => {
    const focused = place.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
    place.replaceChildren();
    place.hidden = vertices.length === 0 || vertices.length > MOST_ROWS;
    if (place.hidden) return;
    const body = element("tbody");
    vertices.forEach((pair, index) => {
      const number = String(index + 1);
      const lon = numberInput(pair[0], `${labels.vertexNumber.replace("{n}", number)} ${labels.longitude}`, `${index}x`);
      const lat = numberInput(pair[1], `${labels.vertexNumber.replace("{n}", number)} ${labels.latitude}`, `${index}y`);
      const move = () => {
        const [x, y] = [Number(lon.value), Number(lat.value)];
        if (lon.value !== "" && lat.value !== "" && Math.abs(x) <= 180 && Math.abs(y) <= 90) on.onMove(index, x, y);
      };
      lon.addEventListener("change", move);
      lat.addEventListener("change", move);
      const tools = element("td");
      if (needed > 1) {
        const insert = element("button", { type: "button", "data-key": `${index}i`, title: labels.addVertex }, "+");
        insert.setAttribute("aria-label", labels.addVertex);
        insert.addEventListener("click", () => on.onInsert(index));
        const remove = element("button", { type: "button", "data-key": `${index}d` }, "×");
        remove.setAttribute("aria-label", labels.deleteVertex.replace("{n}", number));
        remove.disabled = vertices.length <= needed;
        remove.addEventListener("click", () => on.onDelete(index));
        tools.append(insert, " ", remove);
      }
      body.append(
        element("tr", {}, element("th", { scope: "row" }, number), cell(lon), cell(lat), tools),
      );
    });
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, labels.vertices),
      element("th", { scope: "col" }, labels.longitude),
      element("th", { scope: "col" }, labels.latitude),
      element("td"),
    );
    place.className = "geometry-editor__vertices";
    place.append(element("table", {}, element("thead", {}, head), body));
    if (focused) /** @type {HTMLElement | null} */ (place.querySelector(`[data-key="${focused}"]`))?.focus();
  };
}

/** @param {HTMLElement} child */
function cell(child) {
  return element("td", {}, child);
}

/**
 * @param {number} value
 * @param {string} label
 * @param {string} key
 */
function numberInput(value, label, key) {
  return element("input", {
    type: "number",
    step: "any",
    value: String(Number(value.toFixed(7))),
    "aria-label": label,
    "data-key": key,
  });
}
