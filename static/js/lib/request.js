/**
 * @typedef {{signal?: AbortSignal, english?: boolean, cache?: RequestCache, session?: boolean,
 *   post?: {token: string, body: unknown}}} RequestOptions
 */

/**
 * Ask an address. An answer other than 2xx becomes an Error that carries the server's own sentence.
 *
 * Errors by name: `AbortError` (nobody waits for it any more), `OfflineError` (no connection),
 * `ProblemError` (the server refused or failed; `detail` is its sentence, `status` its number).
 * `session`: with the log-in of the page, for the staff API; `post`: a body to send, with the page's token.
 *
 * @param {string} url
 * @param {RequestOptions} [options]
 * @returns {Promise<Response>}
 */
export async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, {
      signal: options.signal,
      credentials: options.session || options.post ? "same-origin" : "omit",
      cache: options.cache ?? "default",
      headers: {
        Accept: "application/json, application/geo+json",
        ...(options.post ? { "Content-Type": "application/json", "X-CSRFToken": options.post.token } : {}),
      },
      ...(options.post ? { method: "POST", body: JSON.stringify(options.post.body) } : {}),
    });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw Object.assign(new Error("offline"), { name: "OfflineError" });
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const detail = (options.english && problem.detail_en) || problem.detail || `HTTP ${response.status}`;
    throw Object.assign(new Error(detail), { name: "ProblemError", status: response.status });
  }
  return response;
}

/**
 * Get JSON; errors as in `request`.
 *
 * @template Answer
 * @param {string} url
 * @param {RequestOptions} [options]
 * @returns {Promise<Answer>}
 */
export async function getJson(url, options = {}) {
  return (await request(url, options)).json();
}
