import { element } from "../lib/element.js";
import { getJson } from "../lib/request.js";
import { siteItem } from "./site-item.js";

const LIMIT = 50;
const PATIENCE = 220; // ms before a skeleton replaces what is there

/**
 * The list beside the map, its accessible equivalent: the sites in view, nearest to its middle first.
 *
 * @param {HTMLElement} panel  holds [data-list], [data-status], [data-list-note]
 * @param {object} tools
 * @param {import("../types.js").Settings} tools.settings
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {ReturnType<typeof import("../lib/icons.js").icons>} tools.icons
 * @param {(site: import("../types.js").SiteFeature) => void} tools.onOpen
 * @param {() => void} tools.onWiden  show a larger part of the map
 * @param {() => void} tools.onClear  drop the filters
 * @param {() => boolean} tools.isNarrowed
 */
export function results(panel, tools) {
  const { words, icons, settings } = tools;
  const list = /** @type {HTMLElement} */ (panel.querySelector("[data-list]"));
  const status = /** @type {HTMLElement} */ (panel.querySelector("[data-status]"));
  const note = /** @type {HTMLElement} */ (panel.querySelector("[data-list-note]"));
  let controller = new AbortController();
  let lastAsked = "";
  let settled = true;
  /** @type {() => void} */
  let retry = () => {};

  /** @param {Node} content */
  function replace(content) {
    list.replaceChildren(content);
    list.removeAttribute("aria-busy");
    settled = true;
  }

  function skeleton() {
    const rows = element("ul", { class: "site-list", "aria-hidden": "true" });
    for (let row = 0; row < 6; row += 1) {
      rows.append(
        element(
          "li",
          { class: "site-item" },
          element(
            "div",
            { class: "site-item__link" },
            element("span", { class: "skeleton skeleton--round" }),
            element(
              "span",
              { class: "site-item__body site-item__body--waiting" },
              element("span", { class: "skeleton skeleton--half" }),
              element("span", { class: "skeleton" }),
              element("span", { class: "skeleton skeleton--third" })
            )
          )
        )
      );
    }
    list.replaceChildren(rows);
  }

  /** @param {import("../types.js").SiteFeature[]} sites @param {number} total */
  function rows(sites, total) {
    const made = element("ul", { class: "site-list" });
    for (const site of sites) made.append(siteItem(site, { ...tools, large: settings.large }));
    replace(made);
    list.scrollTop = 0;
    note.textContent = total > sites.length ? words.say("list_capped", { n: words.count(sites.length) }) : "";
  }

  /** @param {string} title @param {string} icon @param {string[]} hints @param {HTMLElement[]} buttons */
  function state(title, icon, hints, buttons) {
    note.textContent = "";
    const tips = element("ul", { class: "empty__hints" });
    for (const hint of hints) tips.append(element("li", {}, hint));
    const row = element("div", { class: "row" });
    row.append(...buttons);
    replace(
      element(
        "div",
        { class: "empty" },
        icons.ui(icon, "icon empty__icon"),
        element("p", { class: "empty__title" }, title),
        hints.length > 0 && tips,
        row
      )
    );
  }

  /** @param {string} label @param {() => void} act @param {string} [kind] */
  function button(label, act, kind = "") {
    const made = element("button", { type: "button", class: `button ${kind}` }, label);
    made.addEventListener("click", act);
    return made;
  }

  function empty() {
    const buttons = [button(words.say("zoom_out"), tools.onWiden, "button--primary")];
    if (tools.isNarrowed()) buttons.push(button(words.say("clear_filters"), tools.onClear));
    state(words.say("nothing_here"), "search", [words.say("try_widen"), words.say("try_filters")], buttons);
  }

  /** @param {Error} error */
  function failed(error) {
    const offline = error.name === "OfflineError";
    status.textContent = words.say(offline ? "offline" : "failed");
    state(
      words.say(offline ? "offline" : "failed"),
      offline ? "offline" : "alert",
      [offline ? words.say("offline_hint") : error.message],
      [button(words.say("retry"), () => retry(), "button--primary")]
    );
    lastAsked = "";
  }

  return {
    /** The map has moved or the filters have changed: what the list shows is about to be replaced. */
    expectChange: () => list.setAttribute("aria-busy", "true"),
    /**
     * @param {URLSearchParams} filters  the API's words
     * @param {{west: number, south: number, east: number, north: number}[]} boxes  inside the world; two where the
     *   view crosses the antimeridian
     * @param {{lat: number, lon: number}} middle
     * @param {"in_view" | "in_place"} [title]  the sentence that says how many there are
     */
    async update(filters, boxes, middle, title = "in_view") {
      const questions = boxes.map((box) => {
        const near = new URLSearchParams(filters);
        // Six decimals, as positions have.
        near.set("bbox", [box.west, box.south, box.east, box.north].map((each) => each.toFixed(6)).join(","));
        const counted = near.toString();
        near.set("lon", middle.lon.toFixed(5));
        near.set("lat", middle.lat.toFixed(5));
        near.set("limit", String(LIMIT));
        return { counted, near: near.toString() };
      });
      const asked = `${title} ${questions.map((each) => each.near).join(" ")}`;
      if (asked === lastAsked) {
        if (settled) list.removeAttribute("aria-busy");
        return;
      }
      lastAsked = asked;
      settled = false;
      retry = () => {
        lastAsked = "";
        this.update(filters, boxes, middle, title);
      };
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      const options = { signal, english: words.english };
      const waiting = window.setTimeout(skeleton, PATIENCE);
      signal.addEventListener("abort", () => window.clearTimeout(waiting));
      try {
        const answers = await Promise.all(
          questions.map((each) =>
            Promise.all([
              getJson(`${settings.api.nearest}?${each.near}`, options),
              getJson(`${settings.api.facets}?${each.counted}`, options),
            ])
          )
        );
        window.clearTimeout(waiting);
        const features = answers
          .flatMap(([found]) => /** @type {import("../types.js").SiteCollection} */ (found).features)
          .sort((a, b) => (a.properties.distance_m ?? 0) - (b.properties.distance_m ?? 0))
          .slice(0, LIMIT);
        const total = answers.reduce(
          (sum, [, counts]) => sum + /** @type {import("../types.js").Facets} */ (counts).total,
          0
        );
        status.textContent = words.say(title, { n: words.count(total) });
        if (features.length) rows(features, total);
        else empty();
      } catch (error) {
        window.clearTimeout(waiting);
        if (signal.aborted) return;
        failed(/** @type {Error} */ (error));
      }
    },
    /** Ask again for the same. */
    retry: () => retry(),
    /** What was asked last may have another answer by now. */
    forget() {
      lastAsked = "";
    },
  };
}
