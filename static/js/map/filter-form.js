import { element } from "../lib/element.js";
import { debounce } from "../lib/debounce.js";

const WORDS = ["q", "kind", "category", "division", "area", "stage", "service", "light", "programme", "indicator", "project", "department"];
const BUILDING = ["planned", "sited", "building"];

/**
 * The filter form: the server's own form, read and filled by script instead of being sent.
 *
 * @param {HTMLFormElement} form
 * @param {object} tools
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {ReturnType<typeof import("../lib/icons.js").icons>} tools.icons
 * @param {(push: boolean) => void} tools.onChange  `push`: the change deserves a step back
 */
export function filterForm(form, tools) {
  const active = /** @type {HTMLElement} */ (form.querySelector("[data-active-filters]"));
  const typed = debounce(() => tools.onChange(false), 300);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tools.onChange(true);
  });
  form.addEventListener("input", (event) => {
    if (/** @type {HTMLInputElement} */ (event.target).name === "q") typed();
  });
  form.addEventListener("change", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.name === "q") return;
    if (field.name === "stage" || field.name === "service") {
      for (const each of fields("show")) each.checked = false;
      if (!checked("stage").length && !checked("service").length) setShow("open");
    }
    if (field.name === "show") for (const each of [...fields("stage"), ...fields("service")]) each.checked = false;
    tools.onChange(true);
  });

  /** @param {string} name @returns {HTMLInputElement[]} */
  const fields = (name) => [...form.querySelectorAll(`[name="${name}"]`)].map((each) => /** @type {any} */ (each));
  /** @param {string} name */
  const checked = (name) => fields(name).filter((each) => each.checked);
  /** @param {string} value */
  const setShow = (value) => {
    for (const each of fields("show")) each.checked = each.value === value;
  };

  /** What the form says, in the page's words; the default is left out. */
  function words() {
    const said = new URLSearchParams();
    for (const name of WORDS) {
      for (const field of fields(name)) {
        if (field.disabled || (field.type === "checkbox" && !field.checked) || !field.value.trim()) continue;
        said.append(name, field.value.trim());
      }
    }
    const show = checked("show")[0]?.value ?? "open";
    if (show !== "open" && !said.has("stage") && !said.has("service")) said.set("show", show);
    if (form.querySelector('input[name="view"]')) said.set("view", "large");
    return said;
  }

  /** Fill the form from an address. @param {URLSearchParams} said */
  function fill(said) {
    for (const name of WORDS) {
      const values = said.getAll(name).flatMap((value) => (name === "q" ? [value] : value.split(",")));
      for (const field of fields(name)) {
        if (field.type === "checkbox") field.checked = values.includes(field.value);
        else if (field.type === "hidden") field.disabled = !values.includes(field.value);
        else field.value = values[0] ?? "";
      }
    }
    setShow(said.has("stage") || said.has("service") ? "" : (said.get("show") ?? "open"));
  }

  /** The same in the API's words, without some of them. @param {string[]} [without] */
  function apiWords(without = []) {
    const said = words();
    const show = said.get("show") ?? "open";
    const explicit = said.has("stage") || said.has("service");
    said.delete("show");
    said.delete("view");
    if (!explicit && show === "open") said.set("service", "open");
    if (!explicit && show === "building") for (const stage of BUILDING) said.append("stage", stage);
    for (const name of without) said.delete(name);
    said.sort();
    return said;
  }

  /** The filters that a glance at the form does not show, each with a way out of it. */
  function showActive() {
    const chips = [];
    for (const [name, value] of words()) {
      if (name === "show" || name === "view" || name === "kind") continue;
      const field = fields(name).find((each) => !["checkbox", "hidden"].includes(each.type) || each.value === value);
      if (!field) continue;
      const label = labelOf(field, value);
      const chip = element(
        "button",
        { type: "button", class: "chip--removable row", "aria-label": tools.words.say("remove_filter", { name: label }) },
        label,
        tools.icons.ui("close")
      );
      chip.addEventListener("click", () => remove(name, value));
      chips.push(chip);
    }
    active.replaceChildren(...chips);
    active.hidden = chips.length === 0;
    const more = form.querySelector("[data-more-count]");
    const hidden = ["category", "division", "stage", "service", "light"].reduce((sum, name) => sum + words().getAll(name).length, 0);
    if (more) more.textContent = hidden ? String(hidden) : "";
  }

  /** @param {HTMLInputElement} field @param {string} value */
  function labelOf(field, value) {
    if (field.dataset.label) return field.dataset.label;
    if (/** @type {unknown} */ (field) instanceof HTMLSelectElement) {
      const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ (field));
      return [...select.options].find((option) => option.value === value)?.text.trim() ?? value;
    }
    return field.closest("label")?.querySelector("[data-name]")?.textContent?.trim() || value;
  }

  /** @param {string} name @param {string} value */
  function remove(name, value) {
    const said = words();
    const left = said.getAll(name).filter((each) => each !== value);
    said.delete(name);
    for (const each of left) said.append(name, each);
    fill(said);
    tools.onChange(true);
    /** @type {HTMLElement | null} */ (active.querySelector("button") ?? form.querySelector('[name="q"]'))?.focus();
  }

  return {
    words,
    apiWords,
    fill,
    showActive,
    /** Back to what citizens see first. */
    clear() {
      fill(new URLSearchParams());
      tools.onChange(true);
    },
    get isNarrowed() {
      return [...words().keys()].some((name) => name !== "view" && name !== "show");
    },
    get division() {
      return words().get("division") ?? "";
    },
    get areas() {
      return words().getAll("area");
    },
  };
}
