import { debounce } from "../lib/debounce.js";
import { element } from "../lib/element.js";
import { drawnLight } from "./light.js";
import { positionButton } from "./position.js";

/**
 * The report on the spot. The form is sent without leaving the page, so that a network that fails loses
 * neither words nor photos; its key makes two arrivals one report.
 */

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.visit[data-row]"));
if (form) start(form);

/** @param {HTMLFormElement} form */
function start(form) {
  const row = String(form.dataset.row);
  const state = /** @type {HTMLElement} */ (form.querySelector("[data-state]"));
  const send = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const percent = /** @type {HTMLInputElement} */ (form.querySelector('[data-column="percent"]'));
  const slider = /** @type {HTMLInputElement} */ (form.querySelector("[data-slider]"));

  // -- percent -------------------------------------------------------------------------------------
  slider.hidden = false;
  slider.addEventListener("input", () => {
    percent.value = slider.value;
    preview();
  });
  percent.addEventListener("input", () => {
    const value = Number(percent.value);
    if (percent.value && Number.isFinite(value)) slider.value = String(value);
  });

  // -- the light that it would give ------------------------------------------------------------------
  const preview = debounce(async () => {
    const all = new FormData(form);
    const body = new URLSearchParams({ row });
    for (const name of ["csrfmiddlewaretoken", "day"]) body.set(name, String(all.get(name)));
    for (const part of ["version", "percent", "problem", "plan", "stage", "stage_on"]) {
      body.set(`r-${row}-${part}`, String(all.get(`r-${row}-${part}`) ?? ""));
    }
    try {
      const response = await fetch(String(form.dataset.preview), { method: "POST", body, credentials: "same-origin" });
      if (!response.ok) return;
      const found = (await response.json()).rows[row];
      const light = /** @type {HTMLElement} */ (form.querySelector("[data-light]"));
      const isBlank = !percent.value.trim();
      light.replaceChildren();
      if (found.light && !isBlank) {
        light.append("→ ", drawnLight(found.light, found.label, String(form.dataset.sprite)));
      }
      form.querySelector("[data-words]")?.toggleAttribute("data-asked", found.asks && !isBlank);
      form
        .querySelector("[data-hints]")
        ?.replaceChildren(...found.hints.map((/** @type {string} */ hint) => element("li", {}, hint)));
    } catch {
      // No network, no preview: sending says it.
    }
  }, 400);
  form.addEventListener("input", preview);

  // -- position --------------------------------------------------------------------------------------
  const locate = /** @type {HTMLButtonElement} */ (form.querySelector("[data-locate]"));
  positionButton(
    locate,
    /** @type {HTMLElement} */ (form.querySelector("[data-say]")),
    (fix) => {
      for (const [name, value] of Object.entries(fix)) {
        const field = form.elements.namedItem(`device_${name}`);
        if (field instanceof HTMLInputElement) field.value = String(value);
      }
    },
    { lon: Number(form.dataset.lon), lat: Number(form.dataset.lat) },
  );

  // -- sending ---------------------------------------------------------------------------------------
  form.addEventListener("submit", async (event) => {
    const by = /** @type {SubmitEvent} */ (event).submitter;
    // Asking for a correction is a page of its own.
    if (by instanceof HTMLInputElement) return;
    event.preventDefault();
    if (send.getAttribute("aria-busy") === "true") return;
    send.setAttribute("aria-busy", "true");
    state.textContent = form.dataset.sending ?? "";
    try {
      await deliver();
    } catch {
      state.textContent = form.dataset.offline ?? "";
    } finally {
      send.removeAttribute("aria-busy");
    }
  });

  async function deliver(isSecond = false) {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      credentials: "same-origin",
      headers: { Accept: "application/json" },
    });
    if (response.status === 413) {
      state.textContent = form.dataset.large ?? "";
      return;
    }
    const isJson = (response.headers.get("Content-Type") ?? "").includes("application/json");
    if (response.status === 403 && !isSecond && (await freshToken())) {
      await deliver(true);
      return;
    }
    if (!isJson && (response.redirected || response.status === 403)) {
      const link = element(
        "a",
        { href: form.dataset.login, target: "_blank", rel: "noopener" },
        form.dataset.loginLabel,
      );
      state.replaceChildren(form.dataset.expired ?? "", " ", link);
      return;
    }
    if (!isJson) throw new Error(String(response.status));
    const answer = await response.json();
    if (answer.ok) {
      window.location.assign(answer.url);
      return;
    }
    if (answer.is_page) {
      // Somebody was faster, or the period is closed: that takes a page, with all that was typed.
      form.submit();
      return;
    }
    refuse(answer);
  }

  /** Who logged in again in another tab has another token. */
  async function freshToken() {
    const response = await fetch(window.location.href, { credentials: "same-origin" });
    if (response.redirected || !response.ok) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const name = "input[name=csrfmiddlewaretoken]";
    const found = page.querySelector(`form.visit ${name}`);
    const mine = form.querySelector(name);
    if (!(found instanceof HTMLInputElement) || !(mine instanceof HTMLInputElement)) return false;
    const isNew = found.value !== "" && response.ok;
    mine.value = found.value;
    return isNew;
  }

  /** @param {{errors: Record<string, string>, problems: string[]}} answer */
  function refuse(answer) {
    state.textContent = answer.problems.join(" ");
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-error]"))) {
      const name = String(place.dataset.error);
      place.textContent = answer.errors[name === "row" ? "" : name] ?? "";
      form
        .querySelector(`[data-column="${name}"]`)
        ?.[place.textContent ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
    }
    const first = [...form.querySelectorAll("[data-error]")].find((place) => place.textContent);
    first?.closest("details")?.setAttribute("open", "");
    first?.scrollIntoView({ block: "center" });
  }
}
