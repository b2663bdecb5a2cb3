/**
 * Call once things have been quiet for a while.
 *
 * @template {unknown[]} Arguments
 * @param {(...values: Arguments) => void} call
 * @param {number} milliseconds
 * @returns {(...values: Arguments) => void}
 */
export function debounce(call, milliseconds) {
  let timer = 0;
  return (...values) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => call(...values), milliseconds);
  };
}
