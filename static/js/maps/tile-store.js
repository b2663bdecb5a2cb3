import { request } from "../lib/request.js";

/** From this age on a tile that is in view is asked for again; the server's own max-age. */
const FRESH_MS = 30_000;
/** An older tile is not shown, unless the server cannot be reached. */
const SHOWN_MS = 60_000;
const LOOK_MS = 5_000;
/** Waiting times before a failed tile is tried again; the last one goes on. */
const RETRY_MS = [1_000, 3_000, 10_000, 30_000];

/**
 * Tiles in memory, whatever they hold: a few requests at a time, the first wanted first; what nobody waits for is
 * aborted, what fails is tried again, what is old is asked for again (a 304 when nothing has changed), and what was
 * not used for longest goes when the tiles weigh too much.
 *
 * @template Tile
 * @param {object} options
 * @param {(tile: Tile) => number} options.weigh
 * @param {number} options.capacity  the weight that is kept, beyond what is wanted now
 * @param {boolean} options.english
 * @param {boolean} [options.session]  with the log-in of the page
 * @param {(change: {renewed: boolean}) => void} options.onChange  something came or failed; `renewed`: a tile that was
 *   there already has other content now
 * @param {number} options.parallel  requests at a time; a browser has six connections to a host for all that a page asks
 */
export function createTileStore(options) {
  /** In order of use, the last used last. @type {Map<string, {tile: Tile, text: string, at: number, weight: number}>} */
  const kept = new Map();
  /** @type {Map<string, AbortController>} */
  const underWay = new Map();
  /** @type {Map<string, {error: Error, tries: number, again: number}>} */
  const failures = new Map();
  /** @type {string[]} */
  let wanted = [];
  let weight = 0;
  let timer = 0;

  const age = (/** @type {string} */ address) => performance.now() - (kept.get(address)?.at ?? -Infinity);

  /** Start what is missing or old, as far as there is room; come back when something else falls due. */
  function pump() {
    window.clearTimeout(timer);
    if (document.hidden) return; // visibilitychange starts it again
    const now = performance.now();
    for (const address of wanted) {
      if (underWay.size >= options.parallel) break;
      if (underWay.has(address) || age(address) < FRESH_MS) continue;
      const failure = failures.get(address);
      if (!failure || now >= failure.again) load(address);
    }
    const due = Math.min(...wanted.map((address) => failures.get(address)?.again ?? Infinity));
    timer = window.setTimeout(pump, Math.max(100, Math.min(LOOK_MS, due - now)));
  }

  /** @param {string} address */
  async function load(address) {
    const controller = new AbortController();
    underWay.set(address, controller);
    const at = performance.now();
    let renewed = false;
    try {
      // The browser's copy is always checked with the server: its age would add to ours.
      const response = await request(address, {
        signal: controller.signal,
        english: options.english,
        session: options.session,
        cache: "no-cache",
      });
      renewed = keep(address, await response.text(), at);
      failures.delete(address);
    } catch (error) {
      if (controller.signal.aborted) return;
      fail(address, /** @type {Error} */ (error));
    } finally {
      if (underWay.get(address) === controller) underWay.delete(address);
    }
    pump();
    options.onChange({ renewed });
  }

  /** @param {string} address @param {string} text @param {number} at */
  function keep(address, text, at) {
    const old = kept.get(address);
    if (old?.text === text) {
      old.at = at;
      return false;
    }
    const tile = /** @type {Tile} */ (JSON.parse(text));
    const own = options.weigh(tile);
    weight += own - (old?.weight ?? 0);
    kept.delete(address);
    kept.set(address, { tile, text, at, weight: own });
    const needed = new Set(wanted);
    for (const [other, entry] of kept) {
      if (weight <= options.capacity) break;
      if (needed.has(other)) continue;
      weight -= entry.weight;
      kept.delete(other);
    }
    return old !== undefined;
  }

  /** @param {string} address @param {Error & {status?: number}} error */
  function fail(address, error) {
    const tries = (failures.get(address)?.tries ?? 0) + 1;
    const refused = error.status !== undefined && error.status < 500 && error.status !== 429;
    const wait = refused ? Infinity : RETRY_MS[Math.min(tries, RETRY_MS.length) - 1];
    failures.set(address, { error, tries, again: performance.now() + wait });
  }

  document.addEventListener("visibilitychange", pump);

  return {
    /** From now on these are waited for, the most urgent first. @param {string[]} addresses */
    want(addresses) {
      wanted = addresses;
      const needed = new Set(addresses);
      for (const [address, controller] of underWay) {
        if (needed.has(address)) continue;
        underWay.delete(address);
        controller.abort();
      }
      for (const address of failures.keys()) if (!needed.has(address)) failures.delete(address);
      pump();
    },
    /** The tile, unless it is missing or too old to be shown. @param {string} address @returns {Tile | undefined} */
    get(address) {
      const entry = kept.get(address);
      if (!entry || (age(address) > SHOWN_MS && !failures.has(address))) return undefined;
      kept.delete(address);
      kept.set(address, entry);
      return entry.tile;
    },
    /** Why it did not come, if it did not. @param {string} address */
    failure: (address) => failures.get(address)?.error ?? null,
    /** Try at once what has failed: the connection is back. */
    retry() {
      for (const failure of failures.values()) failure.again = 0;
      pump();
    },
  };
}
