/**
 * Read a `<script type="application/json">` of the page.
 *
 * @param {string} id
 * @returns {any} what the server put there; it is ours, so it is trusted to have its shape
 */
export function pageData(id) {
  const script = document.getElementById(id);
  if (!script) throw new Error(`the page has no data named ${id}`);
  return JSON.parse(script.textContent || "null");
}
