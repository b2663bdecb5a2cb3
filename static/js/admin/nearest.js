import { positionButton } from "./position.js";

/** Sites nearest to the device: its position goes into the form, which is then sent. */

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.nearest"));
const button = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-locate]"));
const say = /** @type {HTMLElement | null} */ (document.querySelector("[data-say]"));

if (form && button && say) {
  positionButton(
    button,
    say,
    (fix) => {
      for (const name of /** @type {const} */ (["lon", "lat"])) {
        const field = form.elements.namedItem(name);
        // Some ten metres: enough to find a site, and no trace of a person in the server's log.
        if (field instanceof HTMLInputElement) field.value = fix[name].toFixed(4);
      }
      form.submit();
    },
    null,
  );
}
