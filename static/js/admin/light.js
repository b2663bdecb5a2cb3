import { element } from "../lib/element.js";
import { icons } from "../lib/icons.js";

/**
 * A light as components/light.html draws it: a shape and its word.
 *
 * @param {string} word
 * @param {string} label
 * @param {string} sprite the address of img/states.svg
 */
export function drawnLight(word, label, sprite) {
  const { state } = icons({ ui: "", states: sprite, kinds: "" });
  return element("span", { class: `light light--${word}` }, state(`light-${word}`, "light__shape"), label);
}
