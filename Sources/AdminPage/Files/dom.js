// Elements are made one by one, and text is only ever text: nothing here reads markup.

import { pieces } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
/** The attributes that may be set. No URL and no code is among them. */
const ATTRIBUTES = new Set([
  "class", "colspan", "datetime", "for", "hidden", "id", "role", "scope", "tabindex", "title", "type",
  "cx", "cy", "d", "height", "points", "preserveAspectRatio", "r", "rx", "text-anchor", "viewBox", "width", "x", "y",
  "aria-controls", "aria-expanded", "aria-hidden", "aria-label", "aria-labelledby", "aria-pressed", "aria-sort", "data-label", "data-state",
]);

/** Sets an attribute, if it is another than before. Null removes it. */
export function set(node, name, value) {
  if (!ATTRIBUTES.has(name)) throw new Error(`the attribute ${name} is not allowed`);
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** An element of HTML. Children are nodes, or texts of this page's own. */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of a picture. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Text of others, apart from the text around it. */
export function foreign(value, className = "") {
  const node = el("bdi", { class: `foreign ${className}`.trim() });
  for (const piece of pieces(value)) {
    node.append(piece.hidden ? el("span", { class: "hidden-character" }, piece.text) : piece.text);
  }
  return node;
}

/** Sets a text, if it is another than before. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Gives an element these children, if what they show has changed. `key`: all that they show. */
export function show(node, key, children) {
  const text = JSON.stringify(key) ?? "";
  if (node.shownKey === text) return;
  node.shownKey = text;
  node.replaceChildren(...children().flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
}

/**
 * Makes the children of a node those of a list: one each, kept while its key stays. So the focus, what is open and what
 * moves stay as they are. `after`: a child that stays before all of them.
 */
export function keep(parent, items, key, make, update, after = null) {
  const old = parent.kept ?? new Map();
  const next = new Map();
  let before = after ? after.nextSibling : parent.firstChild;
  for (const item of items) {
    const name = key(item);
    if (next.has(name)) continue;
    const node = old.get(name) ?? make(item);
    update(node, item);
    next.set(name, node);
    if (node === before) {
      before = before.nextSibling;
    } else {
      parent.insertBefore(node, before);
    }
  }
  for (const [name, node] of old) if (next.get(name) !== node) node.remove();
  parent.kept = next;
}

/** The element with an id of the page. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}
