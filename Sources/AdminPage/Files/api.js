// Requests to the tier that has served this page, and to nothing else.

const TOKEN = "berth.token";
/** How long a response may take, milliseconds. */
const TIME_LIMIT = 15_000;

/** The token of this window; it is forgotten when the window closes. */
export const token = {
  get() {
    try {
      return sessionStorage.getItem(TOKEN) ?? this.memory;
    } catch {
      return this.memory;
    }
  },
  set(value) {
    this.memory = value;
    try {
      sessionStorage.setItem(TOKEN, value);
    } catch {
      // The browser keeps nothing: the token lives as long as the page.
    }
  },
  clear() {
    this.memory = null;
    try {
      sessionStorage.removeItem(TOKEN);
    } catch {
      // Nothing is kept.
    }
  },
  memory: null,
};

/**
 * What came of a request.
 *
 * - `ok`: `value` is the JSON.
 * - `missing`: this tier does not offer it.
 * - `token`: a token is needed, or the one that was sent is not valid.
 * - `refused`: `message` says why.
 * - `silent`: there was no response.
 *
 * @typedef {{ state: "ok" | "missing" | "token" | "refused" | "silent", value?: any, message?: string }} Result
 */

/** @returns {Promise<Result>} */
async function send(method, path, body) {
  const headers = { Accept: "application/json" };
  const secret = token.get();
  if (secret) headers.Authorization = `Bearer ${secret}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIME_LIMIT);
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: abort.signal,
    });
    const text = await response.text();
    return result(response.status, text);
  } catch {
    return { state: "silent", message: abort.signal.aborted ? "the response takes too long" : "the tier does not respond" };
  } finally {
    clearTimeout(timer);
  }
}

function result(status, text) {
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    if (status === 200) return { state: "refused", message: "the response is not JSON" };
  }
  const message = typeof value?.error === "string" ? value.error : `the tier responded with status ${status}`;
  if (status === 200) return { state: "ok", value };
  if (status === 401) return { state: "token", message };
  if (status === 404 || status === 405 || status === 501) return { state: "missing", message };
  return { state: "refused", message };
}

export function get(path) {
  return send("GET", path);
}

export function post(path, body) {
  return send("POST", path, body);
}

/** A list of a response; empty where it is not one. */
export function list(value) {
  return Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];
}
