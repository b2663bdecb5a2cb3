import { Circle, CircleMarker, LayerGroup } from "../../vendor/leaflet/leaflet-src.esm.js";

/**
 * "Where am I": asks the device, shows the answer, and says what to do when there is none.
 *
 * @param {HTMLButtonElement} button
 * @param {import("../../vendor/leaflet/leaflet-src.esm.js").Map} map
 * @param {object} tools
 * @param {(message: string) => void} tools.tell
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {(lat: number, lon: number) => void} tools.onPosition
 * @param {[[number, number], [number, number]] | null} tools.bounds
 */
export function locateButton(button, map, tools) {
  const group = new LayerGroup().addTo(map);
  const { say } = tools.words;

  button.addEventListener("click", () => {
    if (!("geolocation" in navigator)) {
      tools.tell(say("position_unsupported"));
      return;
    }
    button.setAttribute("aria-busy", "true");
    tools.tell("");
    navigator.geolocation.getCurrentPosition(found, refused, {
      enableHighAccuracy: true,
      timeout: 10000,
      maximumAge: 60000,
    });
  });

  /** @param {GeolocationPosition} position */
  function found({ coords }) {
    button.removeAttribute("aria-busy");
    const at = /** @type {[number, number]} */ ([coords.latitude, coords.longitude]);
    group.clearLayers();
    group.addLayer(new Circle(at, { radius: coords.accuracy, className: "me-accuracy", interactive: false }));
    group.addLayer(new CircleMarker(at, { radius: 8, className: "me-dot", interactive: false }));
    const [[south, west], [north, east]] = tools.bounds ?? [[-90, -180], [90, 180]];
    if (at[0] < south || at[0] > north || at[1] < west || at[1] > east) {
      tools.tell(say("position_elsewhere"));
      return;
    }
    tools.tell("");
    tools.onPosition(...at);
  }

  /** @param {GeolocationPositionError} error */
  function refused(error) {
    button.removeAttribute("aria-busy");
    tools.tell(say(error.code === error.PERMISSION_DENIED ? "position_denied" : "position_unknown"));
  }
}
