import { DivIcon } from "../../vendor/leaflet/leaflet-src.esm.js";
import { element } from "../lib/element.js";
import { svg } from "../lib/svg.js";

const AROUND = 2 * Math.PI * 16;

/**
 * A cluster: its count, and round it the mix of kinds.
 *
 * @param {{count: number, label: string, shares: {colour: string, share: number}[], scale: number}} cluster
 *   `shares` start at twelve o'clock and need not add up to one; the rest stays grey
 * @returns {DivIcon}
 */
export function clusterIcon(cluster) {
  const size = Math.round((30 + 4 * Math.min(4, Math.log10(cluster.count))) * cluster.scale);
  const ring = svg("svg", { class: "cluster__ring", viewBox: "0 0 36 36", "aria-hidden": "true" });
  ring.append(svg("circle", { class: "cluster__disc", cx: 18, cy: 18, r: 17.5 }));
  ring.append(svg("circle", { class: "cluster__rest", cx: 18, cy: 18, r: 16 }));
  let from = 0;
  for (const { colour, share } of cluster.shares) {
    ring.append(
      svg("circle", {
        class: "cluster__share",
        cx: 18,
        cy: 18,
        r: 16,
        stroke: colour,
        "stroke-dasharray": `${Math.max(share * AROUND - 0.8, 0.4)} ${AROUND}`,
        "stroke-dashoffset": -from * AROUND,
        transform: "rotate(-90 18 18)",
      })
    );
    from += share;
  }
  const face = element("span", { class: "cluster__count" }, cluster.label);
  const whole = element("div", { class: "cluster__face" });
  whole.append(ring, face);
  return new DivIcon({ html: whole, className: "cluster", iconSize: [size, size] });
}
