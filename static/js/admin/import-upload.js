/**
 * A file that is too large is said so before it is sent; while one is sent, the button says that it is.
 * The server checks the size whatever happens here.
 */
function watchUpload(/** @type {HTMLFormElement} */ form) {
  const field = form.querySelector("input[type=file]");
  const button = form.querySelector("input[type=submit]");
  const say = form.querySelector("[data-upload-say]");
  if (!(field instanceof HTMLInputElement) || !(button instanceof HTMLInputElement) || !say) return;
  const most = Number(form.dataset.mostBytes);
  const isTooLarge = () => Array.from(field.files ?? []).some((file) => file.size > most);

  field.addEventListener("change", () => {
    say.textContent = isTooLarge() ? (form.dataset.tooLarge ?? "") : "";
  });
  form.addEventListener("submit", (event) => {
    if (isTooLarge()) {
      event.preventDefault();
      say.textContent = form.dataset.tooLarge ?? "";
      return;
    }
    say.textContent = form.dataset.sending ?? "";
    // After the form was read: a disabled button would not be sent with it.
    window.setTimeout(() => (button.disabled = true));
  });
  // Coming back by the browser's button finds the form as it was left.
  window.addEventListener("pageshow", () => (button.disabled = false));
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  if (form instanceof HTMLFormElement) watchUpload(form);
}
