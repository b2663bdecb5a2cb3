/** The list without a map: one button that asks the device where it is and sends the form. */
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-nearby]"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-here]"));
const problem = /** @type {HTMLElement} */ (form.querySelector("[data-here-problem]"));

/** @param {string} name @param {string} value */
function put(name, value) {
  /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = value;
}

/** @param {string | undefined} sentence */
function tell(sentence) {
  problem.textContent = sentence ?? "";
  problem.hidden = !sentence;
  button.removeAttribute("aria-busy");
}

button.addEventListener("click", () => {
  if (!("geolocation" in navigator)) return tell(problem.dataset.unknown);
  button.setAttribute("aria-busy", "true");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      put("lon", coords.longitude.toFixed(5));
      put("lat", coords.latitude.toFixed(5));
      put("q", "");
      form.submit();
    },
    (error) => tell(error.code === error.PERMISSION_DENIED ? problem.dataset.denied : problem.dataset.unknown),
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 }
  );
  return undefined;
});

// Empty fields are no part of a tidy address, and an empty pair is no position.
form.addEventListener("submit", () => {
  for (const field of form.querySelectorAll("input, select")) {
    const named = /** @type {HTMLInputElement} */ (field);
    if (!named.value) named.disabled = true;
  }
});
