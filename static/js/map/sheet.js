/**
 * The bottom sheet of narrow screens: three stops, by dragging its head, by its button, by arrow keys on the button.
 * On wide screens the panel stands beside the map and this does nothing.
 *
 * @param {HTMLElement} panel
 * @param {object} tools
 * @param {HTMLElement} tools.grip  the button
 * @param {HTMLElement} tools.head  what can be dragged
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {() => void} tools.onSettle
 */
export function bottomSheet(panel, tools) {
  const wide = window.matchMedia("(min-width: 768px), (min-width: 600px) and (max-height: 480px)");
  /** @type {("peek" | "half" | "full")[]} */
  const stops = ["peek", "half", "full"];
  /** @type {"peek" | "half" | "full"} */
  let stop = "half";
  /** @type {{id: number, y: number, height: number, moved: boolean, last: number, at: number, speed: number} | null} */
  let drag = null;

  const room = () => panel.parentElement?.clientHeight ?? window.innerHeight;
  /** @param {"peek" | "half" | "full"} name */
  const heightOf = (name) => {
    if (name === "full") return room() - 8;
    if (name === "half") return Math.round(room() * 0.52);
    // With a card open the head is not shown: the grip and a line of the card are left.
    return Math.min(tools.grip.offsetHeight + (tools.head.offsetHeight || 96), Math.round(room() * 0.4));
  };

  /** @param {"peek" | "half" | "full"} name */
  function settle(name) {
    stop = name;
    panel.dataset.stop = name;
    panel.style.height = wide.matches ? "" : `${heightOf(name)}px`;
    tools.grip.setAttribute("aria-label", tools.words.say(name === "full" ? "sheet_lower" : "sheet_raise"));
    tools.grip.setAttribute("aria-expanded", String(name !== "peek"));
    tools.onSettle();
  }

  /** @param {PointerEvent} event */
  const grab = (event) => {
    const target = /** @type {Element} */ (event.target);
    if (wide.matches || event.button !== 0 || target.closest("input, select, a, .chips, summary")) return;
    drag = {
      id: event.pointerId,
      y: event.clientY,
      height: panel.offsetHeight,
      moved: false,
      last: event.clientY,
      at: event.timeStamp,
      speed: 0,
    };
  };
  tools.head.addEventListener("pointerdown", grab);
  tools.grip.addEventListener("pointerdown", grab);
  window.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const up = drag.y - event.clientY;
    if (!drag.moved && Math.abs(up) < 6) return;
    if (!drag.moved) {
      drag.moved = true;
      panel.classList.add("panel--dragged");
      try {
        panel.setPointerCapture(event.pointerId);
      } catch {
        // The pointer is gone already.
      }
    }
    const passed = Math.max(1, event.timeStamp - drag.at);
    drag.speed = (drag.last - event.clientY) / passed;
    drag.last = event.clientY;
    drag.at = event.timeStamp;
    panel.style.height = `${Math.max(48, Math.min(heightOf("full"), drag.height + up))}px`;
  });
  /** @param {PointerEvent} event */
  const drop = (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { moved, speed } = drag;
    drag = null;
    panel.classList.remove("panel--dragged");
    if (!moved) return;
    tools.grip.dataset.dragged = "true";
    window.setTimeout(() => delete tools.grip.dataset.dragged, 0);
    // A flick goes one stop on; otherwise the nearest one.
    const aim = panel.offsetHeight + speed * 160;
    const nearest = [...stops].sort((a, b) => Math.abs(heightOf(a) - aim) - Math.abs(heightOf(b) - aim))[0];
    settle(nearest);
  };
  window.addEventListener("pointerup", drop);
  window.addEventListener("pointercancel", drop);

  tools.grip.addEventListener("click", () => {
    if (tools.grip.dataset.dragged) return;
    settle(stop === "peek" ? "half" : stop === "half" ? "full" : "peek");
  });
  tools.grip.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    settle(stops[Math.max(0, Math.min(2, stops.indexOf(stop) + step))]);
  });
  window.addEventListener("resize", () => settle(stop));
  settle(stop);

  return {
    settle,
    get stop() {
      return stop;
    },
    /** Pixels of the map that the sheet covers, from below; a full sheet counts as a half one. */
    covered: () => (wide.matches ? 0 : Math.min(panel.offsetHeight, heightOf("half"))),
    get isSheet() {
      return !wide.matches;
    },
  };
}
