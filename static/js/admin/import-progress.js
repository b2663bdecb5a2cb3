import { getJson } from "../lib/request.js";

/**
 * How far a check or a writing is: asks the server now and then, and goes on when it is done.
 * Without this script the page renews itself.
 *
 * @typedef {{state: string, percent: number, phase: string, elapsed: string, busy: boolean}} Progress
 */

const EVERY_MS = 1000;
const SLOWEST_MS = 10_000;

/** @param {HTMLElement} box */
function follow(box) {
  const bar = /** @type {HTMLProgressElement} */ (box.querySelector("[data-bar]"));
  const parts = { percent: "", phase: "", elapsed: "" };
  let pause = EVERY_MS;

  /** @param {Progress} now */
  const show = (now) => {
    bar.value = now.percent;
    parts.percent = `${now.percent}%`;
    parts.phase = now.phase;
    parts.elapsed = now.elapsed;
    for (const [name, text] of Object.entries(parts)) {
      const place = box.querySelector(`[data-${name}]`);
      // An unchanged sentence is not read out again.
      if (place && place.textContent !== text) place.textContent = text;
    }
  };

  const ask = async () => {
    try {
      /** @type {Progress} */
      const now = await getJson(box.dataset.url ?? "", { session: true, cache: "no-store" });
      show(now);
      pause = EVERY_MS;
      if (!now.busy) {
        window.location.reload();
        return;
      }
    } catch (error) {
      const known = /** @type {{name?: string, status?: number}} */ (error);
      if (known.name !== "OfflineError" && !((known.status ?? 0) >= 500)) {
        // Signed out, or taken away: the page itself says what happened.
        window.location.reload();
        return;
      }
      pause = Math.min(pause * 2, SLOWEST_MS);
    }
    window.setTimeout(ask, pause);
  };
  window.setTimeout(ask, pause);
}

for (const box of document.querySelectorAll("[data-import-progress]")) {
  if (box instanceof HTMLElement) follow(box);
}
