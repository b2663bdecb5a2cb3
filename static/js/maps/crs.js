import { CRS, LatLng, Projection, extend } from "../../vendor/leaflet/leaflet-src.esm.js";
import gcoord from "../../vendor/gcoord/gcoord.esm.js";

/**
 * The projection of a basemap. On a GCJ-02 basemap the projection carries the shift, so positions stay WGS-84
 * everywhere else: in the data, in the address, in what is sent to the server.
 *
 * @param {"wgs84" | "gcj02"} datum
 * @returns {import("../../vendor/leaflet/leaflet-src.esm.js").CRS}
 */
export function crsFor(datum) {
  if (datum === "wgs84") return CRS.EPSG3857;
  const shifted = {
    /** @param {import("../../vendor/leaflet/leaflet-src.esm.js").LatLng} position */
    project(position) {
      const [lon, lat] = gcoord.transform([position.lng, position.lat], gcoord.WGS84, gcoord.GCJ02);
      return Projection.SphericalMercator.project(new LatLng(lat, lon));
    },
    /** @param {import("../../vendor/leaflet/leaflet-src.esm.js").Point} point */
    unproject(point) {
      const position = Projection.SphericalMercator.unproject(point);
      const [lon, lat] = gcoord.transform([position.lng, position.lat], gcoord.GCJ02, gcoord.WGS84);
      return new LatLng(lat, lon);
    },
    bounds: Projection.SphericalMercator.bounds,
  };
  return extend({}, CRS.EPSG3857, { projection: shifted });
}
