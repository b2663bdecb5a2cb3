/**
 * The device's position, said in words; nothing is sent before the person sends the form.
 *
 * @typedef {{lon: number, lat: number, accuracy: number, at: string}} Fix
 */

const EARTH_M = 6371008.8;

/**
 * @param {HTMLButtonElement} button shown, for without this module it does nothing
 * @param {HTMLElement} say where it is said
 * @param {(fix: Fix) => void} onFix
 * @param {{lon: number, lat: number} | null} site to say how far away it is
 */
export function positionButton(button, say, onFix, site) {
  const words = document.getElementById("position-words")?.dataset ?? {};
  button.hidden = false;
  button.addEventListener("click", () => {
    if (!("geolocation" in navigator)) {
      say.textContent = words.unsupported ?? "";
      return;
    }
    button.setAttribute("aria-busy", "true");
    say.textContent = words.asking ?? "";
    navigator.geolocation.getCurrentPosition(found, refused, {
      enableHighAccuracy: true,
      timeout: 20000,
      maximumAge: 0,
    });
  });

  /** @param {GeolocationPosition} position */
  function found({ coords, timestamp }) {
    button.removeAttribute("aria-busy");
    const fix = {
      lon: coords.longitude,
      lat: coords.latitude,
      accuracy: coords.accuracy,
      at: new Date(timestamp).toISOString(),
    };
    const told = String(words.found ?? "")
      .replace("{lon}", fix.lon.toFixed(5))
      .replace("{lat}", fix.lat.toFixed(5))
      .replace("{accuracy}", String(Math.round(fix.accuracy)));
    const far = site ? String(words.distance ?? "").replace("{metres}", String(Math.round(metres(fix, site)))) : "";
    say.textContent = `${told} ${far}`.trim();
    onFix(fix);
  }

  /** @param {GeolocationPositionError} error */
  function refused(error) {
    button.removeAttribute("aria-busy");
    say.textContent = (error.code === error.PERMISSION_DENIED ? words.denied : words.unknown) ?? "";
  }
}

/**
 * On a sphere: to tell the person roughly; the server measures on the ellipsoid.
 *
 * @param {{lon: number, lat: number}} from
 * @param {{lon: number, lat: number}} to
 */
function metres(from, to) {
  const radians = Math.PI / 180;
  const north = ((to.lat - from.lat) * radians) / 2;
  const east = ((to.lon - from.lon) * radians) / 2;
  const half =
    Math.sin(north) ** 2 + Math.cos(from.lat * radians) * Math.cos(to.lat * radians) * Math.sin(east) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(half));
}
