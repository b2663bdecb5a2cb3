import { element } from "../lib/element.js";
import { getJson } from "../lib/request.js";
import { svg } from "../lib/svg.js";

/**
 * The card of one site, in the panel. It takes the focus when it opens and gives it back when it closes.
 *
 * @param {HTMLElement} card
 * @param {object} tools
 * @param {import("../types.js").Settings} tools.settings
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {ReturnType<typeof import("../lib/icons.js").icons>} tools.icons
 * @param {() => void} tools.onClose
 * @param {(site: import("../types.js").SiteFeature) => void} tools.onLoaded
 */
export function siteCard(card, tools) {
  const { words, icons, settings } = tools;
  let controller = new AbortController();
  let openId = "";
  /** @type {Element | null} */
  let opener = null;

  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      tools.onClose();
    }
  });

  /** @param {string} title @param {...(Node | false | null)} body */
  function fill(title, ...body) {
    const back = element(
      "button",
      { type: "button", class: "button button--quiet site-card__back" },
      icons.ui("back"),
      words.say("back_to_list")
    );
    back.addEventListener("click", tools.onClose);
    const heading = element("h2", { class: "site-card__title", id: "site-card-title", tabindex: -1 }, title);
    card.replaceChildren(back, heading, ...body.filter((part) => part instanceof Node));
    return heading;
  }

  /** @param {import("../types.js").SiteFeature} site @param {boolean} whole  the detail has come */
  function show(site, whole) {
    const about = site.properties;
    const underWay = icons.isUnderWay(about.stage);
    const heading = fill(
      about.name,
      element(
        "p",
        { class: "site-card__kind" },
        icons.kind(about.kind, about.stage),
        element("span", {}, words.local(about.kind), element("br"), words.local(about.division))
      ),
      badges(about, underWay),
      about.is_demo &&
        element(
          "p",
          { class: "notice notice--demo" },
          icons.ui("info"),
          element("span", {}, words.say("demo_site"))
        ),
      about.percent !== null && (underWay || Number(about.percent) < 100) ? progress(about) : null,
      actions(site, whole),
      facts(about),
      element(
        "a",
        { class: "button site-card__more", href: pageOf(about) },
        words.say("full_page"),
        icons.ui("next")
      )
    );
    return heading;
  }

  /** @param {import("../types.js").SiteProperties} about */
  const pageOf = (about) => (words.english ? about.url_en : about.url) + (settings.large ? "?view=large" : "");

  /** @param {import("../types.js").SiteProperties} about @param {boolean} underWay */
  function badges(about, underWay) {
    const tone = { open: "good", closed: "bad", closed_temporarily: "bad" }[about.service] ?? "calm";
    const stageTone = /** @type {Record<string, string>} */ (
      { building: "work", finished: "good", verified: "done", suspended: "bad", cancelled: "bad" }
    )[about.stage];
    const row = element("p", { class: "row" });
    if (!underWay) {
      row.append(
        element(
          "span",
          { class: `badge badge--${tone}` },
          icons.state(`service-${about.service}`),
          words.word("services", about.service)
        )
      );
    }
    row.append(
      element(
        "span",
        { class: `badge badge--${stageTone ?? "calm"}` },
        icons.state(`stage-${about.stage}`),
        words.word("stages", about.stage)
      )
    );
    if (about.light && about.light !== "none") {
      row.append(
        element(
          "span",
          { class: `light light--${about.light}` },
          icons.state(`light-${about.light}`, "light__shape"),
          words.word("lights", about.light)
        )
      );
    }
    if (!underWay && about.service_checked_on) {
      row.append(element("span", { class: "small muted" }, words.say("checked_on", { date: about.service_checked_on })));
    }
    return row;
  }

  /** @param {import("../types.js").SiteProperties} about */
  function progress(about) {
    const value = Math.max(0, Math.min(100, Number(about.percent)));
    const text = words.percent(Number(about.percent));
    const bar = svg(
      "svg",
      {
        class: "progress__bar",
        viewBox: "0 0 100 10",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${words.say("progress")} ${text}`,
      },
      svg("rect", { class: "progress__fill", width: value, height: 10 })
    );
    const row = element("div", { class: "progress" });
    row.append(bar, element("span", { class: "progress__text", "aria-hidden": "true" }, text));
    const label = element("p", { class: "row-apart small" }, element("span", {}, words.say("progress")));
    if (about.reported_on) {
      label.append(element("span", { class: "muted" }, words.say("reported_on", { date: about.reported_on })));
    }
    const both = element("div", { class: "site-card__progress" });
    both.append(label, row);
    return both;
  }

  /** @param {import("../types.js").SiteFeature} site @param {boolean} whole */
  function actions(site, whole) {
    const about = site.properties;
    const row = element("div", { class: "site-card__actions" });
    const links = about.links ?? {};
    /** @type {[string | undefined, string][]} */
    const ways = [
      [links.amap, words.say("amap")],
      [links.baidu, words.say("baidu")],
      [links.geo, words.say("geo")],
    ];
    for (const [index, [href, label]] of ways.entries()) {
      if (!href) continue;
      const link = element(
        "a",
        {
          class: index === 0 ? "button button--primary" : "button",
          href,
          rel: "noopener noreferrer",
          target: href.startsWith("http") ? "_blank" : null,
        },
        index === 0 ? icons.ui("route") : null,
        label
      );
      row.append(link);
    }
    if (!whole) row.append(element("span", { class: "skeleton site-card__waiting", "aria-hidden": "true" }));
    if (about.phone) {
      row.append(
        element(
          "a",
          { class: "button", href: `tel:${about.phone.replace(/[^+\d]/g, "")}` },
          icons.ui("phone"),
          about.phone
        )
      );
    }
    return row;
  }

  /** @param {import("../types.js").SiteProperties} about */
  function facts(about) {
    const rows = element("dl", { class: "facts" });
    /** @param {string} term @param {string | null | undefined} value */
    const add = (term, value) => {
      if (value) rows.append(element("dt", {}, term), element("dd", {}, value));
    };
    add(words.say("address"), about.address);
    add(words.say("hours"), about.opening_hours);
    add(words.say("baseline"), span(about.baseline));
    if (span(about.plan) !== span(about.baseline)) add(words.say("plan"), span(about.plan));
    for (const each of about.attributes ?? []) {
      const value = typeof each.value === "boolean" ? words.say(each.value ? "yes" : "no") : String(each.value ?? "");
      add(words.local(each, "label"), [value, each.unit].filter(Boolean).join(" "));
    }
    add(words.say("as_of"), about.as_of);
    return rows;
  }

  /** @param {{start: string | null, finish: string | null} | null | undefined} plan */
  function span(plan) {
    if (!plan || (!plan.start && !plan.finish)) return "";
    return words.say("from_to", { start: plan.start ?? "?", finish: plan.finish ?? "?" });
  }

  function waiting() {
    return fill(
      words.say("loading"),
      element("span", { class: "skeleton skeleton--half" }),
      element("span", { class: "skeleton" }),
      element("span", { class: "skeleton skeleton--third" })
    );
  }

  return {
    get openId() {
      return openId;
    },
    /**
     * Open on a site. With its feature at hand it shows at once and is completed when the detail comes.
     * @param {string} id
     * @param {import("../types.js").SiteFeature} [site]
     */
    async open(id, site) {
      if (id === openId) return;
      if (!openId) opener = document.activeElement;
      openId = id;
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      card.hidden = false;
      card.scrollTop = 0;
      (site ? show(site, false) : waiting()).focus({ preventScroll: true });
      try {
        const url = `${settings.api.sites}${encodeURIComponent(id)}/`;
        const detail = /** @type {import("../types.js").SiteFeature} */ (
          await getJson(url, { signal, english: words.english })
        );
        if (site?.properties.distance_m !== undefined) detail.properties.distance_m = site.properties.distance_m;
        const focused = card.contains(document.activeElement);
        const heading = show(detail, true);
        if (focused) heading.focus({ preventScroll: true });
        tools.onLoaded(detail);
      } catch (error) {
        if (signal.aborted) return;
        if (site) {
          show(site, true);
          return;
        }
        const problem = /** @type {Error & {status?: number}} */ (error);
        const retry = element("button", { type: "button", class: "button" }, words.say("retry"));
        retry.addEventListener("click", () => {
          openId = "";
          this.open(id);
        });
        const gone = problem.status === 404;
        const text = gone ? "site_gone" : problem.name === "OfflineError" ? "offline" : "failed";
        fill(
          words.say(text),
          gone ? null : retry
        ).focus({ preventScroll: true });
      }
    },
    close() {
      if (!openId) return;
      const id = openId;
      openId = "";
      controller.abort();
      const hadFocus = card.contains(document.activeElement);
      card.hidden = true;
      card.replaceChildren();
      if (!hadFocus) return;
      const row = document.querySelector(`[data-site="${CSS.escape(id)}"]`);
      const back = row ?? (opener?.isConnected ? opener : null);
      /** @type {HTMLElement | null} */ (back ?? document.querySelector("[data-list]"))?.focus();
    },
  };
}
