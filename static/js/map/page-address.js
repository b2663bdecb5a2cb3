/**
 * The state of the page in its address: filters in the query string, `#zoom/lat/lon[/site]` in the hash.
 *
 * @returns {{read: () => {words: URLSearchParams, view: import("../types.js").View | null, site: string},
 *   record: (state: {words?: URLSearchParams, view?: import("../types.js").View, site?: string}, push?: boolean) => void,
 *   onReturn: (call: () => void) => void}}
 */
export function pageAddress() {
  function read() {
    const [zoom, lat, lon, site = ""] = location.hash.slice(1).split("/");
    const numbers = [zoom, lat, lon].map(Number);
    const sound = zoom !== "" && lon !== undefined && numbers.every(Number.isFinite) && Math.abs(numbers[1]) <= 85;
    return {
      words: new URLSearchParams(location.search),
      view: sound ? { zoom: numbers[0], lat: numbers[1], lon: numbers[2] } : null,
      site: decode(site),
    };
  }

  /**
   * Links that lead to this same page in another language or text size follow the address.
   */
  function refreshLinks() {
    for (const link of document.querySelectorAll("a[data-keep-hash]")) {
      const target = /** @type {HTMLAnchorElement} */ (link);
      const wanted = new URL(target.href);
      const large = wanted.searchParams.get("view");
      const words = new URLSearchParams(location.search);
      words.delete("view");
      if (large) words.set("view", large);
      wanted.search = words.toString();
      wanted.hash = location.hash;
      target.href = wanted.href;
    }
  }

  return {
    read,
    record(state, push = false) {
      const now = read();
      const words = state.words ?? now.words;
      const view = state.view ?? now.view;
      const site = state.site ?? now.site;
      const query = words.toString();
      const place = view ? `#${view.zoom}/${view.lat.toFixed(5)}/${view.lon.toFixed(5)}` : "";
      const hash = site && place ? `${place}/${encodeURIComponent(site)}` : place;
      const address = location.pathname + (query ? `?${query}` : "") + hash;
      if (address === location.pathname + location.search + location.hash) return;
      if (push) history.pushState(null, "", address);
      else history.replaceState(null, "", address);
      refreshLinks();
    },
    onReturn(call) {
      window.addEventListener("popstate", () => {
        refreshLinks();
        call();
      });
    },
  };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
