/**
 * The shapes that modules hand to each other. Types only: nothing runs here.
 *
 * @typedef {{slug: string, name: string, icon: string, colour: string}} Kind
 * @typedef {{value: string, label: string}} Word
 * @typedef {{code: string, name: string, level: string}} DivisionWord
 * @typedef {{kinds: Kind[], categories: {slug: string, name: string}[], stages: Word[], services: Word[],
 *   lights: Word[], divisions: DivisionWord[]}} Vocabulary
 *
 * @typedef {object} Settings  What the page tells its scripts (projects/pages/mappage.py).
 * @property {string} language  "zh-hans" or "en"
 * @property {boolean} large
 * @property {Record<string, string>} messages  Sentences in the page's language; %(name)s is filled in.
 * @property {Vocabulary} vocabulary
 * @property {{sites: string, nearest: string, facets: string}} api
 * @property {{kinds: string, ui: string, states: string}} sprites
 *
 * @typedef {object} DeskSettings  What the supervisor's desk tells its scripts (projects/pages/supervisionmap.py).
 * @property {string} language
 * @property {boolean} large
 * @property {Record<string, string>} messages
 * @property {Record<string, string>} labels  Of the table of vertices.
 * @property {Vocabulary} vocabulary
 * @property {{late: string, areas: string}} api
 * @property {string} query  The words of the address, as a query string; empty where they were refused.
 * @property {{kinds: string, ui: string, states: string}} sprites
 *
 * @typedef {object} ListMapSettings  What the list of sites tells its map (projects/admin/sitemap.py).
 * @property {string} language
 * @property {Record<string, string>} messages
 * @property {Vocabulary} vocabulary
 * @property {string} query  The filters of the list, as a query string.
 * @property {string} open  Address of a site by its public id, {id}.
 * @property {{kinds: string, ui: string, states: string}} sprites
 *
 * @typedef {{on: string, light: string, light_text_zh: string, light_text_en: string, reason: string}} Turn
 * @typedef {{effective_on: string, start: string, finish: string, approval_number: string, reason: string}} Reschedule
 * @typedef {object} LateWhy
 * @property {string} as_of
 * @property {string} light
 * @property {string} finding_zh
 * @property {string} finding_en
 * @property {string | null} rule_zh
 * @property {string | null} rule_en
 * @property {{name_zh: string, name_en: string, version: number}} policy
 * @property {number | null} planned
 * @property {number | null} actual
 * @property {string | null} reported_on
 * @property {number | null} lag_pp
 * @property {{start: string, finish: string} | null} baseline
 * @property {Reschedule | null} approved_plan
 * @property {string | null} since
 * @property {Turn | null} ahead
 * @property {string} problem
 * @property {string} plan
 * @property {number} overdue_days
 * @property {boolean} agrees_with_stored_light
 * @typedef {{id: string, name: string, state: "late" | "risk", lon: number, lat: number, url: string | null,
 *   admin_url: string, is_demo: boolean, why: LateWhy}} LateSite
 *
 * @typedef {Record<string, unknown> & {type: string}} LayerConfig
 *
 * @typedef {object} MapConfig  What maps/pagemap.py says about the map.
 * @property {[number, number]} center  latitude, longitude
 * @property {number} zoom
 * @property {number} minZoom
 * @property {number} maxZoom
 * @property {[[number, number], [number, number]] | null} bounds
 * @property {boolean} fit
 * @property {number} zoomSnap
 * @property {string} label
 * @property {"wgs84" | "gcj02"} datum
 * @property {string} basemap
 * @property {LayerConfig[]} layers
 *
 * @typedef {[number, number, number, [number, number, number, number], [string, number][]]} TileCluster
 *   lon, lat, count, extent, the commonest kinds
 * @typedef {[number, number, string, string, string, string, string]} TilePoint
 *   lon, lat, public id, kind, stage, service, light
 * @typedef {{total: number, clusters: TileCluster[], points: TilePoint[], truncated: boolean}} Tile
 * @typedef {[string, string, string, string, string, number[][], number[][]]} TileShape
 *   public id, kind, stage, service, light, strokes (start, x, y, dx, dy, ...), rings (x, y, dx, dy, ...)
 * @typedef {{extent: number, shapes: TileShape[], truncated: boolean}} ShapeTile
 * @typedef {{loading: boolean, truncated: boolean, error: Error | null}} TileState
 *
 * @typedef {object} SiteProperties
 * @property {string} name
 * @property {{slug: string, name_zh: string, name_en: string, icon: string, colour: string}} kind
 * @property {string} address
 * @property {string} stage
 * @property {string} service
 * @property {string | null} service_checked_on
 * @property {string} opening_hours
 * @property {string} phone
 * @property {number | null} percent
 * @property {string | null} reported_on
 * @property {{code: string, name_zh: string, name_en: string}} division
 * @property {string | null} light
 * @property {boolean} is_demo
 * @property {string} url
 * @property {string} url_en
 * @property {string | null} as_of
 * @property {number} [distance_m]
 * @property {{key: string, label_zh: string, label_en: string, value: unknown, unit: string}[]} [attributes]
 * @property {{start: string | null, finish: string | null} | null} [baseline]
 * @property {{start: string | null, finish: string | null} | null} [plan]
 * @property {{amap?: string, baidu?: string, geo?: string}} [links]
 *
 * @typedef {{type: "Feature", id: string, geometry: {type: string, coordinates: unknown},
 *   properties: SiteProperties}} SiteFeature
 * @typedef {{type: "FeatureCollection", features: SiteFeature[]}} SiteCollection
 *
 * @typedef {{total: number, as_of: string | null} & Record<string, Record<string, number>>} Facets
 * @typedef {{zoom: number, lat: number, lon: number}} View
 */
export {};
