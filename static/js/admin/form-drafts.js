import { element } from "../lib/element.js";

/**
 * Keeps what stands in a half-filled form, for the person who fills it in. A form opts in by `data-keeps-draft`;
 * `data-keeps-draft="server"` on an element in it says that the page itself offers what was kept.
 *
 * Keeping fails quietly: the form works without it. It is no sign of life either: the log-in ends as it would.
 */

/** Milliseconds between two writes of a form, and between two looks at it. */
const PACE = 20_000;
const LOOK = 4_000;
/** What a browser still sends of a page that goes away. */
const LAST_BYTES = 60_000;
const TOKEN = "csrfmiddlewaretoken";

/**
 * @typedef {{url: string, user: string, all: string, saved: string, failed: string, ended: string, other: string,
 *   found: string, restore: string, discard: string, files: string, rest: string}} Words
 * @typedef {{saved_at: string, fields: [string, string][], files: string[]}} Draft
 */

/** What a form holds, without passwords, tokens and files' content. @param {HTMLFormElement} form */
export function contentOf(form) {
  /** @type {Set<string>} */
  const hidden = new Set([TOKEN]);
  for (const box of form.querySelectorAll("input[type=password]")) hidden.add(/** @type {HTMLInputElement} */ (box).name);
  /** @type {[string, string][]} */
  const fields = [];
  /** @type {string[]} */
  const files = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string") {
      if (value.name) files.push(value.name);
    } else if (!hidden.has(name)) fields.push([name, value]);
  }
  return { fields, files };
}

/**
 * Put kept values into a form; whether all found a place.
 * @param {HTMLFormElement} form
 * @param {[string, string][]} fields
 */
export function fill(form, fields) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of form.elements) {
    if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement || control instanceof HTMLTextAreaElement)) continue;
    const held = values.get(control.name);
    if (control.name === TOKEN || control.type === "file" || control.type === "submit") continue;
    if (control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio")) {
      control.checked = held?.includes(control.value) ?? false;
    } else if (control instanceof HTMLSelectElement && control.multiple) {
      for (const option of control.options) option.selected = held?.includes(option.value) ?? false;
    } else if (held?.length) control.value = held.length > 1 ? /** @type {string} */ (held.shift()) : held[0];
    else continue;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return [...values.keys()].every((name) => name.startsWith("_") || form.elements.namedItem(name));
}

/** "03-02 10:32" of a moment as the server says it, in its own time zone. @param {string} moment */
const clock = (moment) => moment.slice(5, 16).replace("T", " ");

/** @param {HTMLFormElement} form @param {HTMLElement} state @param {Words} words */
function keep(form, state, words) {
  const address = location.pathname + location.search;
  let last = JSON.stringify(contentOf(form));
  let written = 0;
  let stopped = false;

  /** @param {string} text @param {boolean} [aloud] */
  const say = (text, aloud = false) => {
    state.toggleAttribute("role", false);
    if (aloud) state.setAttribute("role", "status");
    state.textContent = text;
  };
  const token = () => /** @type {HTMLInputElement | null} */ (form.querySelector(`input[name=${TOKEN}]`));

  /** @param {object} body @param {boolean} [leaving] */
  const post = (body, leaving = false) => {
    const text = JSON.stringify({ address, ...body });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token()?.value ?? "" };
    const keepalive = leaving && new Blob([text]).size < LAST_BYTES;
    return fetch(words.url, { method: "POST", credentials: "same-origin", keepalive, headers, body: text });
  };

  /** The log-in as it is now: another tab may have renewed it. @returns {Promise<Draft | null | undefined>} */
  async function look() {
    const answer = await fetch(`${words.url}?address=${encodeURIComponent(address)}`, { credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403) {
      say(words.ended, true);
      return undefined;
    }
    if (!answer.ok) return undefined;
    /** @type {{user: number, token: string, draft: Draft | null}} */
    const told = await answer.json();
    if (String(told.user) !== words.user) {
      stopped = true;
      say(words.other, true);
      return undefined;
    }
    const box = token();
    if (box) box.value = told.token;
    if (state.textContent === words.ended) say("");
    return told.draft;
  }

  /** @param {boolean} [again] */
  async function write(again = true) {
    const now = JSON.stringify(contentOf(form));
    if (stopped || now === last || Date.now() - written < PACE) return;
    written = Date.now();
    try {
      const answer = await post(JSON.parse(now));
      if (answer.ok) {
        last = now;
        say(`${words.saved} ${clock((await answer.json()).saved_at)}`);
      } else if (answer.status === 401) say(words.ended, true);
      else if (answer.status === 403 && again) {
        await look();
        written = 0;
        await write(false);
      } else if (answer.status !== 429) say(words.failed, true);
    } catch {
      say(words.failed, true);
    }
  }

  /** For a page that does not do so itself. @param {Draft} draft */
  function offer(draft) {
    const restore = element("button", { type: "button", class: "button default" }, words.restore);
    const discard = element("button", { type: "button", class: "button" }, words.discard);
    const files = draft.files.length ? element("p", {}, words.files, draft.files.join(", ")) : null;
    const buttons = element("p", { class: "draft-offer__buttons" }, restore, discard);
    const notice = element("div", { class: "draft-offer" }, element("p", {}, words.found, clock(draft.saved_at)), files, buttons);
    form.prepend(notice);
    restore.addEventListener("click", () => {
      buttons.remove();
      if (!fill(form, draft.fields)) notice.append(element("p", {}, element("a", { href: words.all }, words.rest)));
      last = JSON.stringify(contentOf(form));
    });
    discard.addEventListener("click", () => {
      notice.remove();
      post({ discard: true }).catch(() => say(words.failed, true));
    });
  }

  window.setInterval(write, LOOK);
  form.addEventListener("submit", () => (stopped = true));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) stopped = false;
  });
  window.addEventListener("pagehide", () => {
    const content = contentOf(form);
    if (!stopped && JSON.stringify(content) !== last) post({ ...content, leaving: true }, true).catch(() => {});
  });
  document.addEventListener("visibilitychange", () => {
    if (!stopped && document.visibilityState === "visible") look().catch(() => {});
  });
  if (state.dataset.keepsDraft !== "server") {
    look()
      .then((draft) => draft && offer(draft))
      .catch(() => {});
  }
}

const words = /** @type {Words | undefined} */ (
  /** @type {unknown} */ (/** @type {HTMLElement | null} */ (document.querySelector("#form-drafts"))?.dataset)
);
for (const marked of words ? document.querySelectorAll("[data-keeps-draft]") : []) {
  const form = marked.closest("form");
  if (!form || !words) continue;
  const state = marked === form ? element("p", { class: "draft-state quiet" }) : /** @type {HTMLElement} */ (marked);
  if (marked === form) form.append(state);
  keep(form, state, words);
}
