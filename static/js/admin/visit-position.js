/**
 * The device's position on a form of staff: into hidden fields, with the distance to the site where that is
 * known. The server measures again and decides; without a script the form works without a position.
 *
 * The button `[data-position]` names the words it says; the form's fields are `device_lon`, `device_lat`,
 * `device_accuracy` and `device_at`, or `lon` and `lat` of a list, which is then asked for at once.
 */

const EARTH_RADIUS_M = 6371009;

/**
 * Metres on the sphere: near enough to say "far".
 *
 * @param {number} lon1 @param {number} lat1 @param {number} lon2 @param {number} lat2
 */
export function sphereDistanceM(lon1, lat1, lon2, lat2) {
  const rad = Math.PI / 180;
  const half =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/**
 * @param {HTMLButtonElement} button
 */
export function positionButton(button) {
  const form = button.form;
  const status = document.getElementById(button.dataset.status ?? "");
  if (!form || !status) return;
  const words = button.dataset;
  button.hidden = false;

  /** @param {string} text @param {boolean} [bad] */
  const tell = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle("visit__warning", bad);
  };

  /** @param {string} name @param {string} value */
  const put = (name, value) => {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  };

  button.addEventListener("click", () => {
    if (!("geolocation" in navigator)) {
      tell(words.unsupported ?? "", true);
      return;
    }
    button.setAttribute("aria-busy", "true");
    tell(words.locating ?? "");
    navigator.geolocation.getCurrentPosition(found, refused, {
      enableHighAccuracy: true,
      timeout: 15000,
      maximumAge: 30000,
    });
  });

  /** @param {GeolocationPosition} position */
  function found({ coords, timestamp }) {
    button.removeAttribute("aria-busy");
    const lon = coords.longitude.toFixed(6);
    const lat = coords.latitude.toFixed(6);
    if (words.list !== undefined) {
      put("lon", lon);
      put("lat", lat);
      form?.requestSubmit();
      return;
    }
    put("device_lon", lon);
    put("device_lat", lat);
    put("device_accuracy", coords.accuracy.toFixed(0));
    put("device_at", new Date(timestamp).toISOString());
    const metres = sphereDistanceM(coords.longitude, coords.latitude, Number(words.lon), Number(words.lat));
    const isFar = metres - coords.accuracy > Number(words.far);
    tell(
      (isFar ? words.isfar : words.near ?? "")
        ?.replace("{metres}", Math.round(metres).toString())
        .replace("{accuracy}", Math.round(coords.accuracy).toString()) ?? "",
      isFar,
    );
  }

  /** @param {GeolocationPositionError} error */
  function refused(error) {
    button.removeAttribute("aria-busy");
    tell((error.code === error.PERMISSION_DENIED ? words.denied : words.unknown) ?? "", true);
  }
}

for (const button of document.querySelectorAll("button[data-position]")) {
  if (button instanceof HTMLButtonElement) positionButton(button);
}
