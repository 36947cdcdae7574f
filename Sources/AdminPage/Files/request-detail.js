// One request in full: at each tier its rule, the choice of the endpoint, the attempts, and where the time went.

import { list } from "./api.js";
import { el, foreign, set, svg } from "./dom.js";
import { colouring, marked, pair, triedView } from "./parts.js";
import { tree } from "./tree.js";
import { milliseconds, number } from "./text.js";

/** What this page shows by itself; the rest of a tier's part is shown as it is. */
const SHOWN = new Set([
  "tier", "time", "rule", "location", "captures", "to", "used_target", "choice", "attempts", "stages", "status", "cause", "detail",
  "message", "help", "duration_ms", "trace", "trace_cut", "trace_note", "method", "host", "target",
]);

const STAGES = {
  name: "waiting for the name", hold: "held by an operator", place: "waiting for a place", connect: "connecting", tls: "TLS handshake",
  first_byte: "waiting for the response", body: "transferring",
};

/** A bar of the parts of the time, and each part in words. */
function stagesView(stages) {
  const known = list(stages).filter((stage) => typeof stage.ms === "number" && stage.ms >= 0);
  const all = known.reduce((sum, stage) => sum + stage.ms, 0);
  if (known.length === 0) return null;
  const bar = svg("svg", { class: "stages", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
  set(bar, "width", "100%");
  let x = 0;
  known.forEach((stage, index) => {
    const width = all > 0 ? (100 * stage.ms) / all : 0;
    bar.append(svg("rect", { class: `stage-${index % 4}`, x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 4 }));
    x += width;
  });
  const words = known.map((stage, index) => el("li", null, el("span", { class: `swatch stage-${index % 4}`, "aria-hidden": "true" }),
    Object.hasOwn(STAGES, stage.stage) ? STAGES[stage.stage] : foreign(stage.stage), ` ${milliseconds(stage.ms)}`));
  return [bar, el("ul", { class: "stage-words" }, words)];
}

function attemptView(attempt) {
  const failed = attempt.cause !== null && attempt.cause !== undefined;
  const time = attempt.reused ? "on a kept connection" : typeof attempt.connect_ms === "number" ? `connected in ${milliseconds(attempt.connect_ms)}` : "";
  return el("li", null,
    el("span", { class: failed ? "bad" : "good" }, failed ? "✕ " : "● "), foreign(attempt.endpoint), " ",
    failed ? el("strong", null, foreign(attempt.cause)) : attempt.status ? `responded with ${number(attempt.status)}` : "",
    el("span", { class: "quiet" }, attempt.why ? [" · ", foreign(attempt.why, "prose")] : "", time ? ` · ${time}` : "",
      typeof attempt.ended_ms === "number" ? ` · ended at ${milliseconds(attempt.ended_ms)}` : ""));
}

function tierView(part, colours) {
  const pairs = [];
  const captures = part.captures ?? {};
  const host = `${part.host ?? ""}`;
  pairs.push(pair("request", foreign(part.method), " ", marked(host, captures, colours), foreign(part.target)));
  pairs.push(pair("rule", part.rule ? [foreign(part.rule), part.location ? el("span", { class: "quiet" }, " ", foreign(part.location)) : null] : "none"));
  if (part.to) pairs.push(pair("target", marked(String(part.to), captures, colours), part.used_target ? [" → ", foreign(part.used_target)] : null));
  if (part.choice) {
    const { endpoint, why, policy, endpoints, well, pool } = part.choice;
    pairs.push(pair("choice", endpoint ? [foreign(endpoint), ", "] : null, foreign(why, "prose"),
      el("span", { class: "quiet" }, " · ", foreign(policy), ` of ${number(endpoints)}`,
        typeof well === "number" ? `, ${number(well)} of them well` : "", pool ? [" · pool ", foreign(pool)] : "")));
  }
  const rest = Object.fromEntries(Object.entries(part).filter(([key]) => !SHOWN.has(key)));
  const status = typeof part.status === "number" ? String(part.status) : "";
  return el("li", { class: part.cause ? "end-bad" : "" },
    el("h3", null, part.tier === "local" ? "Local tier" : part.tier === "front" ? "Front tier" : foreign(part.tier), " ",
      el("span", { class: part.cause ? "bad" : "quiet" }, status, " ", foreign(part.cause ?? ""), part.detail ? [" ", foreign(part.detail)] : "")),
    part.message ? el("p", null, foreign(part.message, "prose")) : null,
    part.help ? el("p", { class: "quiet" }, foreign(part.help, "prose")) : null,
    el("dl", { class: "pairs" }, pairs.flat()),
    list(part.attempts).length ? el("ul", { class: "attempts" }, list(part.attempts).map(attemptView)) : null,
    stagesView(part.stages),
    triedView(part),
    part.trace_note ? el("p", { class: "quiet" }, foreign(part.trace_note, "prose")) : null,
    el("details", null, el("summary", null, "Everything else"), tree(rest)));
}

/** @param {any} report of `GET /requests/ID`. */
export function requestView(report) {
  const tiers = list(report?.tiers);
  if (tiers.length === 0) return [tree(report)];
  const colours = colouring(tiers);
  return [
    el("p", { class: "quiet" }, "id ", foreign(report.id), typeof report.duration_ms === "number" ? ` · ${milliseconds(report.duration_ms)}` : "",
      report.others > 0 ? ` · ${number(report.others)} more with this id` : ""),
    el("ol", { class: "steps" }, tiers.map((part) => tierView(part, colours))),
    report.missing ? el("p", { class: "quiet" }, "The tier at the endpoint: ", foreign(report.missing, "prose")) : null,
  ].filter(Boolean);
}

