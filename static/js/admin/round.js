import { debounce } from "../lib/debounce.js";
import { element } from "../lib/element.js";
import { drawnLight } from "./light.js";

/**
 * The monthly round's table: keys and pastes go down a column, and what is typed shows at once which light it
 * would give. The server judges; without this module "check" says the same.
 */

/** @typedef {{light: string, label?: string, asks: boolean, hints: string[], errors: Record<string, string>}} Found */

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.round"));
if (form) start(form);

/** @param {HTMLFormElement} table */
function start(table) {
  /** @type {Set<string>} */
  const changed = new Set();
  let isSaved = true;
  let asked = 0;

  /** @param {string} column */
  const cells = (column) =>
    /** @type {HTMLInputElement[]} */ ([...table.querySelectorAll(`[data-column="${column}"]`)]);
  /** @param {Element} cell */
  const rowOf = (cell) => /** @type {HTMLElement} */ (cell.closest("[data-row]"));

  const preview = debounce(async () => {
    const rows = [...changed];
    if (!rows.length) return;
    changed.clear();
    const turn = (asked += 1);
    const body = new URLSearchParams();
    const all = new FormData(table);
    for (const name of ["csrfmiddlewaretoken", "day"]) body.set(name, String(all.get(name)));
    for (const row of rows) {
      body.append("row", row);
      for (const part of ["version", "percent", "problem", "plan", "stage", "stage_on"]) {
        body.set(`r-${row}-${part}`, String(all.get(`r-${row}-${part}`) ?? ""));
      }
    }
    try {
      const response = await fetch(String(table.dataset.preview), { method: "POST", body, credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      for (const row of rows) if (!changed.has(row)) show(row, answer.rows[row]);
    } catch {
      // No preview: saving says it. What was not answered is asked again with the next change.
      if (turn === asked) for (const row of rows) changed.add(row);
    }
  }, 500);

  /**
   * @param {string} row
   * @param {Found | undefined} found
   */
  function show(row, found) {
    const line = table.querySelector(`[data-row="${row}"]`);
    if (!line || !found) return;
    const isBlank = !["percent", "problem", "plan"].some((column) => valueOf(line, column));
    const place = line.querySelector(".round-line__preview");
    place?.replaceChildren();
    if (found.light && !isBlank) {
      place?.append("→ ", drawnLight(found.light, found.label ?? "", String(table.dataset.sprite)));
    }
    for (const column of ["problem", "plan"]) {
      line.querySelector(`[data-column="${column}"]`)?.toggleAttribute("data-asked", found.asks && !isBlank);
    }
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("[data-error]"))) {
      const name = String(each.dataset.error);
      // Words that are asked for are marked, not scolded for, while somebody is still typing.
      if (name === "photos") continue;
      const isWords = name === "problem" || name === "plan";
      each.textContent = isBlank || isWords ? "" : (found.errors[name] ?? "");
    }
    line.querySelector(".round-line__hints")?.replaceChildren(
      ...(isBlank ? [] : found.hints.map((hint) => element("li", {}, hint))),
    );
  }

  /**
   * @param {Element} line
   * @param {string} column
   */
  function valueOf(line, column) {
    return /** @type {HTMLInputElement | null} */ (line.querySelector(`[data-column="${column}"]`))?.value.trim() ?? "";
  }

  function count() {
    const place = /** @type {HTMLElement | null} */ (table.querySelector(".round__count"));
    const filled = cells("percent").filter((cell) => cell.value.trim()).length;
    if (place) place.textContent = filled ? String(place.dataset.count).replace("{n}", String(filled)) : "";
  }

  /** @param {Element} cell */
  function touch(cell) {
    isSaved = false;
    const line = rowOf(cell);
    if (line) changed.add(String(line.dataset.row));
    count();
    preview();
  }

  table.addEventListener("input", (event) => {
    if (event.target instanceof Element) touch(event.target);
  });

  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (table.querySelectorAll("[data-same]"))) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const cell = rowOf(button).querySelector('[data-column="percent"]');
      if (cell instanceof HTMLInputElement) {
        cell.value = String(button.dataset.same);
        touch(cell);
        cell.focus();
      }
    });
  }

  table.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!(cell instanceof HTMLElement) || !cell.dataset.column || event.isComposing) return;
    const isText = cell instanceof HTMLTextAreaElement;
    // In a text, Enter and the arrows belong to the text.
    const step = isText ? 0 : { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const column = cells(String(cell.dataset.column));
    const next = column[column.indexOf(/** @type {HTMLInputElement} */ (cell)) + step];
    event.preventDefault();
    next?.focus();
    next?.select();
  });

  table.addEventListener("paste", (event) => {
    const cell = event.target;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!(cell instanceof HTMLElement) || !cell.dataset.column || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    const order = ["percent", "problem", "plan"];
    const first = order.indexOf(String(cell.dataset.column));
    const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
    const start = cells(order[first]).indexOf(/** @type {HTMLInputElement} */ (cell));
    lines.forEach((line, down) => {
      line.split("\t").forEach((value, across) => {
        const column = order[first + across];
        const target = column ? cells(column)[start + down] : undefined;
        if (!target) return;
        target.value = value.trim();
        touch(target);
      });
    });
  });

  table.addEventListener("submit", () => {
    isSaved = true;
  });
  // Hundreds of empty files would travel with the form.
  table.addEventListener("formdata", (event) => {
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (table.querySelectorAll("input[type=file]"))) {
      if (!field.files?.length) event.formData.delete(field.name);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isSaved) event.preventDefault();
  });
  count();
}
