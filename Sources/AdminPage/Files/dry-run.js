// Where a URL would go: its way through rule, captures and hops. No request is sent to it.

import { get, list, post } from "./api.js";
import { byId, el, foreign } from "./dom.js";
import { colouring, folded, marked, pair, triedView } from "./parts.js";
import { clock, counted, date, day, number } from "./text.js";

/** The scheme, the authority and the rest of a URL. */
function split(url) {
  const match = /^([^/]*\/\/)([^/?#]*)(.*)$/s.exec(url);
  return match ? [match[1], match[2], match[3]] : ["", url, ""];
}

function fields(sign, items) {
  return list(items).map((field) => el("li", null, `${sign} `, foreign(`${field.name}: ${field.value}`)));
}

function separated(items, view = foreign) {
  return items.flatMap((item, index) => [index ? ", " : "", view(item)]);
}

function captureViews(captures, colours) {
  return Object.entries(captures).map(([name, value]) => el("span", null,
    el("span", { class: `capture capture-${colours(name)}` }, foreign(name), " = ", foreign(value))));
}

/** One tier of the way. */
function tierView(tier, colours) {
  const pairs = [];
  if (tier.rule !== null && tier.rule !== undefined) {
    const place = tier.location ? el("span", { class: "quiet" }, " ", foreign(tier.location)) : null;
    pairs.push(pair("rule", foreign(tier.rule), place));
  }
  const captures = tier.captures ?? {};
  if (Object.keys(captures).length) pairs.push(pair("captures", el("div", { class: "captures" }, captureViews(captures, colours))));
  if (tier.target) pairs.push(pair("target", marked(String(tier.target), captures, colours)));
  if (tier.split) {
    pairs.push(pair("split", foreign(tier.split.target), " by ", foreign(tier.split.by), el("span", { class: "quiet" }, " of ",
      separated(list(tier.split.parts), (part) => el("span", null, foreign(part.target), ` ${number(part.weight)}`)))));
  }
  for (const one of list(tier.failover)) {
    pairs.push(pair("passed over", foreign(one.target), " ", el("span", { class: "bad" }, foreign(one.reason))));
  }
  if (tier.used_target) pairs.push(pair("used", foreign(tier.used_target)));
  if (tier.source) pairs.push(pair("known to", foreign(tier.source)));
  const endpoints = list(tier.endpoints);
  if (endpoints.length) {
    const remarks = (endpoint) => list(tier.remarks?.[endpoint]).flatMap((remark) => [" ", el("span", { class: "tag warn" }, foreign(remark))]);
    const label = endpoints.length === 1 ? "endpoint" : "endpoints";
    pairs.push(pair(label, separated(endpoints, (endpoint) => el("span", null, foreign(endpoint), remarks(endpoint)))));
  }
  for (const one of list(tier.prohibited)) {
    pairs.push(pair("prohibited", foreign(one.endpoint), " ", el("span", { class: "bad" }, foreign(one.reason))));
  }
  if (tier.pool) {
    const picked = tier.pool.endpoint ? [" picks ", foreign(tier.pool.endpoint)] : [];
    const key = tier.pool.key === null || tier.pool.key === undefined ? [] : [" of ", foreign(tier.pool.key || "nothing")];
    pairs.push(pair("pool", foreign(tier.pool.name), " · ", foreign(tier.pool.method), key, picked));
  }
  if (list(tier.response).length) pairs.push(pair("response", separated(list(tier.response))));
  if (tier.page) pairs.push(pair("page", foreign(tier.page)));
  const changes = [...fields("−", tier.headers?.removed), ...fields("+", tier.headers?.added)];
  return [
    el("h3", null, tier.tier === "local" ? "Local tier" : tier.tier === "front" ? "Front tier" : foreign(tier.tier)),
    tier.remembered ? rememberedView(tier.remembered) : null,
    el("dl", { class: "pairs" }, pairs.flat()),
    changes.length ? folded(counted(changes.length, "change of header fields", "changes of header fields"), changes) : null,
    triedView(tier),
  ];
}

function endView(report, last) {
  if (report.outcome === "forwarded") {
    const endpoint = last?.endpoint ?? last?.pool?.endpoint ?? list(last?.endpoints)[0];
    if (last?.remembered) return rememberedEnd(endpoint, last.remembered);
    return ["end-good", [el("h3", { class: "good" }, "● reaches ", foreign(endpoint ?? "an endpoint"))]];
  }
  const status = report.status ? number(report.status).replace(",", "") : "";
  if (report.outcome === "responded") {
    const isGood = (report.status ?? 500) < 400;
    return [isGood ? "end-good" : "end-bad", [
      el("h3", { class: isGood ? "good" : "bad" }, `${isGood ? "●" : "✕"} the rule responds with ${status}`),
      last?.redirect ? el("p", null, "Location: ", foreign(last.redirect)) : null,
    ]];
  }
  return ["end-bad", [
    el("h3", { class: "bad" }, `✕ refused ${status} `, foreign(report.reason)),
    report.detail ? el("p", null, foreign(report.detail, "prose")) : null,
  ]];
}

/**
 * The part of the tier at the endpoint, as the last request for the same host went: a front tier does not know the rules of
 * local tiers, but remembers what they have told of requests.
 *
 * @param {any} report of a dry run. @param {any} request in full, or null.
 */
function lastHop(report, request) {
  const part = list(request?.tiers)[1];
  const front = list(report.tiers)[0];
  if (!part || report.outcome !== "forwarded") return null;
  if (request.endpoint && !list(front?.endpoints).includes(request.endpoint)) return null;
  return {
    tier: part.tier, rule: part.rule, location: part.location, captures: part.captures, target: part.to, used_target: part.used_target,
    endpoints: part.choice?.endpoint ? [part.choice.endpoint] : [], endpoint: part.choice?.endpoint ?? null,
    remembered: { method: part.method, target: part.target, time: part.time, cause: part.cause },
  };
}

function rememberedView({ method, target, time }) {
  const when = date(time);
  return el("p", null, "This is the last request for this host", when ? `, at ${clock(when)}` : "", ": ", foreign(method), " ",
    foreign(target), ". The rules of the local tier were not evaluated for the URL, and may decide otherwise.");
}

/** What is known of the end is what became of that request. */
function rememberedEnd(endpoint, { cause }) {
  return cause ? ["end-bad", [el("h3", { class: "bad" }, "✕ the last request failed: ", foreign(cause))]]
    : ["", [el("h3", null, "the last request reached ", foreign(endpoint ?? "an endpoint"))]];
}

/** The whole way, as a list of steps. */
export function wayView(report, method, request = null) {
  const remembered = lastHop(report, request);
  const tiers = [...list(report.tiers), ...(remembered ? [remembered] : [])];
  const colours = colouring(tiers);
  const [scheme, authority, rest] = split(String(report.url ?? ""));
  const certificate = report.certificate;
  const steps = [el("li", null,
    el("p", null, foreign(method), " ", foreign(scheme), marked(authority, tiers[0]?.captures, colours), foreign(rest)),
    certificate?.file ? el("p", { class: "quiet" }, "certificate ", foreign(certificate.file),
      certificate.covering ? [" for ", foreign(certificate.covering)] : ", the default",
      date(certificate.not_after) ? `, until ${day(date(certificate.not_after))}` : "") : null)];
  let hop = null;
  for (const tier of tiers) {
    steps.push(el("li", null, hop ? el("span", { class: "hop" }, foreign(hop)) : null, tierView(tier, colours)));
    hop = tier.endpoint ?? tier.pool?.endpoint ?? list(tier.endpoints)[0] ?? null;
  }
  const [className, content] = endView(report, tiers.at(-1));
  const isForwarded = report.outcome === "forwarded";
  const received = report.received;
  steps.push(el("li", { class: className }, isForwarded && hop ? el("span", { class: "hop" }, foreign(hop)) : null, content,
    isForwarded && tiers.length === 1 && tiers[0].tier === "front"
      ? el("p", { class: "quiet" }, "If a local tier listens there, its rules decide next. Send a request, and follow the URL again to see "
        + "how it went there; or open the page of that tier.") : null,
    received ? folded("The request that it receives", [
      el("li", null, foreign(received.request_line)),
      ...list(received.headers).map((field) => el("li", null, foreign(`${field.name}: ${field.value}`))),
    ]) : null));
  return [
    el("ol", { class: "steps" }, steps),
    list(report.notes).length ? el("ul", { class: "notes quiet" }, list(report.notes).map((note) => el("li", null, foreign(note, "prose")))) : null,
  ].filter(Boolean);
}

/** @returns {{ name: string, value: string }[] | null} null: a line is not a field. */
export function parseFields(text) {
  const found = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) return null;
    found.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() });
  }
  return found;
}

/** Fields of one name are one field with all values. */
function byName(headers) {
  const found = new Map();
  for (const { name, value } of headers) {
    const key = [...found.keys()].find((one) => one.toLowerCase() === name.toLowerCase());
    const separator = name.toLowerCase() === "cookie" ? "; " : ", ";
    found.set(key ?? name, key === undefined ? value : `${found.get(key)}${separator}${value}`);
  }
  return Object.fromEntries(found);
}

export class DryRun {
  constructor() {
    this.place = byId("dry-run-result");
    this.round = 0;
    byId("dry-run-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run();
    });
  }

  async run() {
    const url = byId("dry-run-url").value.trim();
    const method = byId("dry-run-method").value.trim() || "GET";
    const headers = parseFields(byId("dry-run-headers").value);
    if (!url) return;
    if (!headers) return this.show(el("p", { class: "bad" }, "A header field is written as in Cookie: beta=1."));
    this.round += 1;
    const round = this.round;
    const body = { url: url.includes("://") ? url : `http://${url}`, method, explain: true };
    if (headers.length) body.headers = byName(headers);
    const result = await post("/dry-run", body);
    if (round !== this.round) return;
    if (result.state === "ok") {
      const request = await this.lastRequest(result.value, body.url);
      if (round === this.round) this.show(...wayView(result.value, method, request));
      return;
    }
    this.show(result.state === "missing" ? el("p", { class: "quiet" }, "Not available from this tier.")
      : el("p", { class: "bad" }, foreign(result.message)));
  }

  /** What is remembered of the last request for the host of a URL; null: nothing. */
  async lastRequest(report, url) {
    const isFront = list(report.tiers).length === 1 && report.tiers[0].tier === "front";
    if (!isFront || report.outcome !== "forwarded") return null;
    const host = split(url)[1].replace(/^.*@/, "").replace(/:\d+$/, "").toLowerCase();
    const result = await get(`/requests/last?${new URLSearchParams({ host })}`);
    return result.state === "ok" ? result.value : null;
  }

  show(...nodes) {
    this.place.replaceChildren(...nodes);
  }
}
