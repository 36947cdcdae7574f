// Parts of the pictures of a request's way, of a dry run and of a request that was.

import { list } from "./api.js";
import { el, foreign } from "./dom.js";
import { counted } from "./text.js";

/** Colours of captures; further ones begin again. */
const COLOURS = 5;

function escapedForPattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Where a text stands by itself in another, else where it stands at all, outside of what is taken. */
function find(text, part, taken) {
  const isFree = (start) => !taken.some((one) => start < one.end && start + part.length > one.start);
  const pattern = escapedForPattern(part);
  for (const source of [`(?<![a-z0-9])${pattern}(?![a-z0-9])`, pattern]) {
    for (const match of text.matchAll(new RegExp(source, "gi"))) if (isFree(match.index)) return match.index;
  }
  return -1;
}

/** A text in which what captures have taken has their colour. */
export function marked(text, captures, colours) {
  const taken = [];
  const parts = Object.entries(captures ?? {})
    .filter(([, value]) => typeof value === "string" && value !== "" && value.length <= 256)
    .sort(([, left], [, right]) => right.length - left.length);
  for (const [name, value] of parts) {
    const start = find(text, value, taken);
    if (start >= 0) taken.push({ start, end: start + value.length, name });
  }
  taken.sort((left, right) => left.start - right.start);
  const pieces = [];
  let at = 0;
  for (const { start, end, name } of taken) {
    if (start > at) pieces.push(foreign(text.slice(at, start)));
    pieces.push(foreign(text.slice(start, end), `capture capture-${colours(name)}`));
    at = end;
  }
  if (at < text.length) pieces.push(foreign(text.slice(at)));
  return pieces;
}

/** One colour for each name of a capture, the same at both tiers. */
export function colouring(tiers) {
  const names = [...new Set(tiers.flatMap((tier) => Object.keys(tier.captures ?? {})))];
  return (name) => Math.max(0, names.indexOf(name)) % COLOURS;
}

export function pair(name, ...content) {
  return [el("dt", null, name), el("dd", null, content)];
}

/** Lines that are open where the reader wants them. */
export function folded(title, lines) {
  return el("details", null, el("summary", null, title), el("ul", { class: "message" }, lines));
}

/** Which rules did not match, and why. */
export function triedView(tier) {
  const tried = list(tier.trace);
  if (tried.length === 0) return null;
  const lines = tried.slice(0, 200).map((step) => el("li", null, step.matched ? "● " : "○ ", foreign(step.rule), ": ", foreign(step.why, "prose")));
  return el("details", { class: "tried" }, el("summary", null, `${counted(tried.length, "rule")} tried`), el("ul", { class: "rules-tried" }, lines));
}
