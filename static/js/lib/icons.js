import { svg } from "./svg.js";

const UNDER_WAY = new Set(["planned", "sited", "building", "suspended", "cancelled"]);

/**
 * Icons from the page's sprites.
 *
 * @param {import("../types.js").Settings["sprites"]} sprites
 */
export function icons(sprites) {
  return {
    /** A stroked icon of img/ui.svg. @param {string} name @param {string} [className] */
    ui: (name, className = "icon") =>
      svg("svg", { class: className, "aria-hidden": "true" }, svg("use", { href: `${sprites.ui}#${name}` })),
    /** A shape of img/states.svg. @param {string} name @param {string} [className] */
    state: (name, className = "badge__icon") =>
      svg("svg", { class: className, "aria-hidden": "true" }, svg("use", { href: `${sprites.states}#${name}` })),
    /**
     * The round sign of a kind; hollow and angular while the site is not finished.
     * @param {{icon: string, colour: string}} kind
     * @param {string} stage
     */
    kind: (kind, stage) => {
      const href = `${sprites.kinds}#${kind.icon}`;
      const sign = svg("svg", { class: "kind-icon", viewBox: "0 0 30 30", "aria-hidden": "true" });
      if (UNDER_WAY.has(stage)) {
        sign.append(
          svg("rect", {
            x: 5.5,
            y: 5.5,
            width: 19,
            height: 19,
            rx: 2,
            transform: "rotate(45 15 15)",
            fill: "#fff",
            stroke: kind.colour,
            "stroke-width": 2,
            "stroke-dasharray": "4 3",
          }),
          svg("use", { href, x: 9, y: 9, width: 12, height: 12, color: kind.colour })
        );
      } else {
        sign.append(
          svg("circle", { cx: 15, cy: 15, r: 15, fill: kind.colour }),
          svg("use", { href, x: 7.5, y: 7.5, width: 15, height: 15 })
        );
      }
      return sign;
    },
    /** @param {string} stage */
    isUnderWay: (stage) => UNDER_WAY.has(stage),
  };
}
