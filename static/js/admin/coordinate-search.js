/**
 * Typed coordinate pairs: the server converts the datum and says where they lie.
 *
 * @param {{
 *   pairs: HTMLTextAreaElement, datum: HTMLSelectElement, order: HTMLSelectElement, button: HTMLButtonElement,
 * }} fields
 * @param {string} url
 * @param {Record<string, string>} labels
 * @param {{
 *   onFound: (points: import("./shape.js").Position[]) => void,
 *   say: (text: string, bad?: boolean, offer?: HTMLElement) => void,
 * }} on
 */
export function coordinateSearch(fields, url, labels, on) {
  const search = async () => {
    if (!fields.pairs.value.trim()) return;
    on.say(labels.locating);
    const words = new URLSearchParams({
      text: fields.pairs.value,
      datum: fields.datum.value,
      order: fields.order.value,
    });
    let answer;
    let ok = false;
    try {
      const response = await fetch(`${url}?${words}`, { credentials: "same-origin" });
      ok = response.ok;
      answer = await response.json();
    } catch {
      on.say(labels.failed, true);
      return;
    }
    if (!ok) {
      on.say(String(answer.error ?? labels.failed), true, answer.other_order ? offer() : undefined);
      return;
    }
    on.onFound(answer.points);
    const place = answer.division ? answer.division.name : labels.nowhere;
    on.say(
      answer.points.length > 1
        ? labels.locatedMany.replace("{n}", String(answer.points.length))
        : labels.located
            .replace("{lon}", String(answer.lon))
            .replace("{lat}", String(answer.lat))
            .replace("{division}", place),
    );
  };

  const offer = () => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = labels.otherOrder;
    button.addEventListener("click", () => {
      fields.order.value = fields.order.value === "lat" ? "lon" : "lat";
      search();
    });
    return button;
  };

  fields.button.hidden = false;
  fields.button.addEventListener("click", search);
  fields.pairs.addEventListener("keydown", (event) => {
    // In the one-line field Enter looks it up; it must not send the form.
    if (event.key === "Enter" && fields.pairs.rows === 1) {
      event.preventDefault();
      search();
    }
  });
}
