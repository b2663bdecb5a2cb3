/**
 * The page's language: sentences, numbers, distances.
 *
 * @param {Pick<import("../types.js").Settings, "language" | "messages" | "vocabulary">} settings
 */
export function wording(settings) {
  const english = settings.language === "en";
  const locale = english ? "en" : "zh-CN";
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });

  /**
   * A sentence of the page with its places filled in.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  const say = (key, values = {}) =>
    (settings.messages[key] ?? key).replace(/%\((\w+)\)s/g, (_whole, name) => String(values[name] ?? ""));

  return {
    english,
    say,
    /** @param {number} value */
    count: (value) => whole.format(value),
    /** A count that fits into a circle. @param {number} value */
    short: (value) => (value < 1000 ? whole.format(value) : compact.format(value)),
    /** @param {number} value */
    percent: (value) => `${tenth.format(value)}%`,
    /** Metres as a walker reads them. @param {number} metres */
    distance: (metres) => {
      if (metres < 1000) return say("metres", { n: whole.format(Math.round(metres / 10) * 10 || 10) });
      const kilometres = metres / 1000;
      return say("kilometres", { n: (kilometres < 20 ? tenth : whole).format(kilometres) });
    },
    /**
     * `name_en` on an English page where there is one, else `name_zh`.
     * @param {object | null | undefined} thing
     * @param {string} [field]
     * @returns {string}
     */
    local: (thing, field = "name") => {
      const names = /** @type {Record<string, unknown>} */ (thing ?? {});
      const [chinese, other] = [names[`${field}_zh`], names[`${field}_en`]];
      return String((english ? other || chinese : chinese || other) || "");
    },
    /**
     * The name of a word of the vocabulary.
     * @param {"stages" | "services" | "lights"} list
     * @param {string} slug
     */
    word: (list, slug) => settings.vocabulary[list].find((row) => row.value === slug)?.label ?? slug,
  };
}
