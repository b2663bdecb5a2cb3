import { element } from "../lib/element.js";
import { getJson } from "../lib/request.js";

/**
 * The explanation of one site, over the map: what the table's row says, for a site that may be on another page of it.
 *
 * @param {HTMLElement} card
 * @param {object} tools
 * @param {string} tools.url  of the list in the staff API
 * @param {() => URLSearchParams} tools.query  the day, and how far ahead
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {ReturnType<typeof import("../lib/icons.js").icons>} tools.icons
 * @param {() => void} tools.onClose
 */
export function lateCard(card, tools) {
  const { words } = tools;
  /** @type {AbortController | null} */
  let asking = null;

  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  /** @param {string} id */
  async function open(id) {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    show(words.say("loading"), []);
    card.focus({ preventScroll: true });
    try {
      const url = `${tools.url}${encodeURIComponent(id)}/?${tools.query()}`;
      /** @type {{site: import("../types.js").LateSite}} */
      const answer = await getJson(url, { signal, session: true, english: words.english });
      fill(answer.site);
    } catch (error) {
      if (signal.aborted) return;
      const { name, status } = /** @type {Error & {status?: number}} */ (error);
      show(words.say(name === "OfflineError" ? "offline" : status === 404 ? "site_gone" : "failed"), []);
    }
  }

  function close() {
    asking?.abort();
    card.hidden = true;
    card.replaceChildren();
    tools.onClose();
  }

  /** @param {string} title @param {(Node | null)[]} content */
  function show(title, content) {
    const button = element("button", { type: "button", class: "button", "aria-label": words.say("close") }, tools.icons.ui("close"));
    button.addEventListener("click", close);
    const heading = element("h2", { class: "desk-card__title", id: "desk-card-title" }, title);
    card.replaceChildren(element("div", { class: "desk-card__head" }, heading, button));
    for (const part of content) if (part) card.append(part);
    card.hidden = false;
  }

  /** @param {import("../types.js").LateSite} site */
  function fill(site) {
    const { why } = site;
    const late = site.state === "late";
    const sign = late ? why.light : "risk";
    const mark = late
      ? element("span", { class: `light light--${sign}` }, tools.icons.state(`light-${sign}`, "light__shape"), words.say(sign))
      : element("strong", {}, words.say("risk"));
    const demo = site.is_demo ? element("span", { class: "badge badge--demo" }, words.say("demo")) : null;
    show(site.name, [
      element("p", { class: "row" }, mark, demo),
      element("p", {}, words.local(why, "finding")),
      why.agrees_with_stored_light ? null : element("p", { class: "notice notice--error" }, words.say("disagrees")),
      facts(why, late),
      links(site),
    ]);
  }

  /** @param {import("../types.js").LateWhy} why @param {boolean} late */
  function facts(why, late) {
    const list = element("dl", { class: "facts" });
    /** @param {string} name @param {string | null | undefined} text */
    const add = (name, text) => {
      if (text) list.append(element("dt", {}, words.say(name)), element("dd", {}, text));
    };
    /** @param {{start: string, finish: string} | null} plan */
    const dates = (plan) => plan && words.say("from_to", { start: plan.start, finish: plan.finish });
    const rule = words.local(why, "rule");
    add("as_of", why.as_of);
    add("planned", why.planned === null ? null : words.percent(why.planned));
    add("actual", why.actual === null ? words.say("not_reported") : `${words.percent(why.actual)} (${why.reported_on})`);
    add("gap", why.lag_pp === null ? null : words.say("points", { n: why.lag_pp }));
    add("rule", rule && `${rule} (${words.local(why.policy)} v${why.policy.version})`);
    add("since", late ? why.since : null);
    add("ahead", why.ahead ? words.say("ahead_text", { day: why.ahead.on, light: words.local(why.ahead, "light_text") }) : words.say("stays"));
    add("baseline", dates(why.baseline));
    add("approved", why.approved_plan && `${dates(why.approved_plan)} (${why.approved_plan.approval_number})`);
    add("overdue", why.overdue_days ? words.say("days", { n: why.overdue_days }) : null);
    add("problem", why.problem);
    add("way", why.plan);
    return list;
  }

  /** @param {import("../types.js").LateSite} site */
  function links(site) {
    const prefix = words.english ? "/en" : "";
    return element(
      "p",
      { class: "row" },
      element("a", { class: "button", href: prefix + site.admin_url }, words.say("open_in_admin")),
      site.url && element("a", { class: "button", href: prefix + site.url }, words.say("open_page"))
    );
  }

  return { open, close };
}
