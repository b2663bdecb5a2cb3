import { element } from "../lib/element.js";

/**
 * One row of the list: the same as templates/components/site-item.html.
 *
 * @param {import("../types.js").SiteFeature} site
 * @param {object} tools
 * @param {ReturnType<typeof import("../lib/wording.js").wording>} tools.words
 * @param {ReturnType<typeof import("../lib/icons.js").icons>} tools.icons
 * @param {boolean} tools.large
 * @param {(site: import("../types.js").SiteFeature) => void} tools.onOpen
 */
export function siteItem(site, tools) {
  const { words, icons } = tools;
  const about = site.properties;
  const underWay = icons.isUnderWay(about.stage);
  const meta = [words.local(about.kind), about.address || words.local(about.division)].filter(Boolean).join(" · ");
  const address = (words.english ? about.url_en : about.url) + (tools.large ? "?view=large" : "");
  const link = element(
    "a",
    { class: "site-item__link", href: address, "data-site": site.id },
    icons.kind(about.kind, about.stage),
    element(
      "span",
      { class: "site-item__body" },
      element("span", { class: "site-item__name" }, about.name),
      element("span", { class: "site-item__meta" }, meta),
      element(
        "span",
        { class: "site-item__badges" },
        underWay
          ? badge("stage", about.stage, words.word("stages", about.stage))
          : badge("service", about.service, words.word("services", about.service)),
        underWay && about.percent !== null
          ? element("span", { class: "small muted" }, words.percent(Number(about.percent)))
          : null,
        about.is_demo ? element("span", { class: "badge badge--demo" }, words.say("demo")) : null
      )
    ),
    element(
      "span",
      { class: "site-item__distance" },
      about.distance_m !== undefined && element("span", { class: "visually-hidden" }, words.say("distance")),
      about.distance_m === undefined ? "" : words.distance(about.distance_m)
    )
  );
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    tools.onOpen(site);
  });
  return element("li", { class: "site-item" }, link);

  /** @param {"stage" | "service"} list @param {string} value @param {string} label */
  function badge(list, value, label) {
    const tone = { ...TONES.both, ...TONES[list] }[value] ?? "calm";
    return element("span", { class: `badge badge--${tone}` }, icons.state(`${list}-${value}`), label);
  }
}

/** @type {Record<string, Record<string, string>>} */
const TONES = {
  both: {},
  stage: { building: "work", finished: "good", verified: "done", suspended: "bad", cancelled: "bad" },
  service: { open: "good", closed_temporarily: "bad", closed: "bad" },
};
