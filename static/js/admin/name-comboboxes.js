/**
 * Django's autocomplete boxes (select2) have no accessible name of their own: give them their field's label.
 */
export function nameComboboxes() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    if (!(select instanceof HTMLSelectElement)) continue;
    const label = select.labels?.[0]?.textContent?.replace(/[::]\s*$/, "").trim() ?? select.name;
    const box = select.nextElementSibling;
    for (const part of box?.querySelectorAll("[role=combobox], [role=textbox]") ?? []) {
      part.setAttribute("aria-label", label);
      part.removeAttribute("aria-labelledby");
    }
  }
}

// The boxes are made by another script, at a time of its own, and again for each row that is added.
if (document.querySelector("select.admin-autocomplete")) {
  new MutationObserver(nameComboboxes).observe(document.body, { childList: true, subtree: true });
  nameComboboxes();
}
