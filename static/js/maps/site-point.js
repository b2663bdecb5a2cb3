import { CircleMarker } from "../../vendor/leaflet/leaflet-src.esm.js";
import { drawSign } from "./draw-sign.js";

/**
 * A site on the shared canvas: Leaflet finds what is under the pointer, the sign is ours.
 *
 * The options beyond Leaflet's: `sign`, as drawSign takes it.
 */
export const SitePoint = CircleMarker.extend({
  // Leaflet calls this for every visible path when its canvas is redrawn.
  /** @this {any} */
  _updatePath() {
    const canvas = this._renderer;
    if (!canvas._drawing || this._empty()) return;
    drawSign(canvas._ctx, this._point, this.options.radius, this.options.sign);
  },
});
