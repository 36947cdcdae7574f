// JSON of a form that only grows, for people: every field is shown, also those that this page does not know.

import { el, foreign } from "./dom.js";
import { number } from "./text.js";

const DEPTH = 8;
const ITEMS = 200;

function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
    || (typeof value === "object" && Object.keys(value).length === 0);
}

function label(key) {
  return foreign(key.replaceAll("_", " "));
}

/** A tree of a value; fields without a value are left out. */
export function tree(value, depth = 0) {
  if (typeof value !== "object" || value === null) return foreign(value);
  if (depth >= DEPTH) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS).map((item) => el("li", null, tree(item, depth + 1)));
    if (value.length > ITEMS) items.push(el("li", null, `and ${number(value.length - ITEMS)} more`));
    return el("ol", null, items);
  }
  const pairs = Object.entries(value).filter(([, item]) => !isEmpty(item)).slice(0, ITEMS);
  return el("dl", { class: "tree" }, pairs.map(([key, item]) => [el("dt", null, label(key)), el("dd", null, tree(item, depth + 1))]));
}
