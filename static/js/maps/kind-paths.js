/**
 * The outlines of the kinds' icons, for drawing on a canvas.
 *
 * @param {string} url  address of the sprite; its symbols are 15 by 15
 * @returns {Promise<Map<string, Path2D>>}  empty when the sprite cannot be read: signs then have no icon
 */
export async function kindPaths(url) {
  /** @type {Map<string, Path2D>} */
  const paths = new Map();
  try {
    const text = await (await fetch(url)).text();
    const sprite = new DOMParser().parseFromString(text, "image/svg+xml");
    for (const symbol of sprite.querySelectorAll("symbol")) {
      const whole = new Path2D();
      for (const part of symbol.querySelectorAll("path")) whole.addPath(new Path2D(part.getAttribute("d") ?? ""));
      paths.set(symbol.id, whole);
    }
  } catch {
    // The signs keep their colour and shape.
  }
  return paths;
}
