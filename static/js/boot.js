/**
 * Runs before the first paint, as a classic script: says that modules work, so that the style sheets can show
 * the interactive page at once, and takes that back when one of our modules cannot be loaded.
 */
(function () {
  "use strict";
  var root = document.documentElement;
  if (!("noModule" in HTMLScriptElement.prototype)) return;
  root.classList.add("js");
  window.addEventListener(
    "error",
    function (event) {
      if (event.target instanceof HTMLScriptElement) root.classList.remove("js");
    },
    true
  );
  document.addEventListener("click", function (event) {
    var menu = document.querySelector("details.site-menu[open]");
    if (menu && !menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
  });
  document.addEventListener("keydown", function (event) {
    var menu = document.querySelector("details.site-menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.removeAttribute("open");
    /** @type {HTMLElement} */ (menu.querySelector("summary")).focus();
  });
})();
