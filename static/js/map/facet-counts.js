import { getJson } from "../lib/request.js";

const BUILDING = ["planned", "sited", "building"];

/**
 * The counts on the chips: of the whole city, under all the other filters.
 *
 * @param {HTMLFormElement} form
 * @param {object} tools
 * @param {string} tools.url
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 */
export function facetCounts(form, tools) {
  let last = "";
  let controller = new AbortController();

  /** @param {string} word @param {Record<string, number>} counts */
  function put(word, counts) {
    for (const place of form.querySelectorAll(`[data-count^="${word}:"]`)) {
      const n = counts[/** @type {HTMLElement} */ (place).dataset.count?.slice(word.length + 1) ?? ""] ?? 0;
      place.textContent = tools.words.count(n);
      place.closest(".chip")?.classList.toggle("chip--none", n === 0);
    }
  }

  return {
    /** What was counted last may have another answer by now. */
    forget() {
      last = "";
    },
    /** @param {(without: string[]) => URLSearchParams} wordsWithout  the API's words without some */
    async update(wordsWithout) {
      const [byKind, byShow] = [wordsWithout(["kind"]), wordsWithout(["stage", "service"])];
      const asked = `${byKind}|${byShow}`;
      if (asked === last) return;
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      try {
        const [kinds, shows] = await Promise.all([
          getJson(`${tools.url}?${byKind}`, { signal }),
          getJson(`${tools.url}?${byShow}`, { signal }),
        ]);
        last = asked;
        put("kind", /** @type {any} */ (kinds).kind ?? {});
        const all = /** @type {import("../types.js").Facets} */ (shows);
        put("show", {
          open: all.service?.open ?? 0,
          building: BUILDING.reduce((sum, stage) => sum + (all.stage?.[stage] ?? 0), 0),
          all: all.total,
        });
        put("stage", all.stage ?? {});
        put("service", all.service ?? {});
      } catch {
        // The chips keep the counts they had; the list says what is wrong.
      }
    },
  };
}
