import { Marker } from "../../vendor/leaflet/leaflet-src.esm.js";

/**
 * A marker that lies in the map's own picture. Leaflet moves each marker in three dimensions, and the browser then
 * keeps a picture for each: hundreds of them make dragging the map slow.
 */
export const FlatMarker = Marker.extend({
  /** @this {any} @param {import("../../vendor/leaflet/leaflet-src.esm.js").Point} at */
  _setPos(at) {
    if (this._icon) {
      // Where Leaflet looks for it.
      this._icon._leaflet_pos = at;
      this._icon.style.transform = `translate(${at.x}px, ${at.y}px)`;
    }
    this._zIndex = at.y + this.options.zIndexOffset;
    this._resetZIndex();
  },
});
