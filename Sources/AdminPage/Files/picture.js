// The two tiers as a picture: clients, the front tier, hosts, containers. What this tier knows is drawn in full lines.

import { list } from "./api.js";
import { keep, set, setText, svg } from "./dom.js";
import { STATES, chosen, places } from "./endpoints.js";
import { counted, duration, number, plain, rate, shortened } from "./text.js";

/** Places that are drawn one by one. */
const ROOM = 12;
const ROW = 42;
const TALL = 36;
const HEAD = 26;
/** Below this width, pixels, stations are above each other. */
const NARROW = 640;
/** Clients of a local tier that are drawn one by one. */
const PEERS = 4;

/** The width of a line for so many requests each second. */
function thickness(perSecond) {
  return 1.5 + 1.5 * Math.log10(1 + Math.max(0, perSecond ?? 0));
}

function speed(perSecond) {
  return perSecond < 2 ? "slow" : perSecond < 200 ? "" : "fast";
}

/** Addresses that are connected, with their number of connections: the front tiers of a local tier. */
function peers(connections) {
  const found = new Map();
  for (const connection of list(connections?.connections)) {
    const address = String(connection.client ?? "").replace(/:\d+$/, "");
    if (address) found.set(address, (found.get(address) ?? 0) + 1);
  }
  return [...found].map(([address, count]) => ({ address, count })).sort((a, b) => b.count - a.count);
}

/**
 * What is drawn, without positions.
 *
 * @typedef {{ key: string, kind: "here" | "dim" | "place" | "peer" | "more", title: string, state?: string, name: string,
 *   line: string, requests?: number | null, errors?: number | null, note?: string }} Box
 */

/** @returns {{ stations: { label: string, boxes: Box[] }[], here: number, words: string }} */
export function scene({ status, traffic, pools, connections }) {
  const tier = status?.tier ?? pools?.tier ?? "front";
  const isLocal = tier === "local";
  const all = places(pools, traffic);
  const shown = chosen(all, ROOM);
  const boxes = shown.map((place) => placeBox(place));
  if (all.length > shown.length) {
    const rest = all.length - shown.length;
    boxes.push({ key: "more", kind: "more", title: "", name: `${number(rest)} more`, line: "in the table of pools" });
  }
  if (boxes.length === 0) {
    boxes.push({ key: "none", kind: "dim", title: "", name: "none yet", line: "known when a request comes" });
  }
  const here = {
    key: "here", kind: "here", title: "", name: isLocal ? "local tier" : "front tier",
    line: `${rate(traffic?.requests_per_second)} requests/s`,
    requests: traffic?.requests_per_second ?? null, errors: traffic?.errors_per_second ?? null,
    note: traffic ? `${number(traffic.in_flight)} in flight` : "",
  };
  const open = status?.connections ?? connections?.total;
  const isOpen = typeof open === "number";
  const clients = {
    key: "clients", kind: isLocal ? "dim" : "peer", title: "", name: "clients",
    line: isLocal ? "known to the front tier" : isOpen ? counted(open, "connection") : "",
  };
  const words = describe(isLocal, traffic, all);
  if (!isLocal) {
    const containers = { key: "containers", kind: "dim", title: "", name: "containers", line: "known to the local tiers" };
    return {
      here: 1, words,
      stations: [
        { label: "Clients", boxes: [clients] }, { label: "Front", boxes: [here] },
        { label: "Hosts", boxes }, { label: "Containers", boxes: [containers] },
      ],
    };
  }
  const known = peers(connections);
  const fronts = known.slice(0, PEERS).map(({ address, count }) => ({
    key: `peer ${address}`, kind: "peer", title: plain(address), name: address, line: counted(count, "connection"),
  }));
  if (fronts.length === 0) {
    fronts.push({ key: "front", kind: "dim", title: "", name: "front tier", line: isOpen ? counted(open, "connection") : "" });
  }
  if (known.length > PEERS) {
    fronts.push({ key: "more peers", kind: "more", title: "", name: `${number(known.length - PEERS)} more`, line: "addresses" });
  }
  return {
    here: 2, words,
    stations: [
      { label: "Clients", boxes: [clients] }, { label: "Front", boxes: fronts },
      { label: "This host", boxes: [here] }, { label: "Containers", boxes },
    ],
  };
}

/** @returns {Box} */
function placeBox(place) {
  const name = place.names[0] ?? place.endpoint;
  const others = place.names.length > 1 ? ` +${place.names.length - 1}` : "";
  return {
    key: `place ${place.key}`, kind: "place", state: place.state, name: `${plain(name)}${others}`, line: plain(place.endpoint),
    title: `${place.names.map((one) => plain(one)).join(", ")} ${plain(place.endpoint)}: ${place.state}`,
    requests: place.requests, errors: place.errors,
  };
}

/** The picture in a sentence. */
function describe(isLocal, traffic, all) {
  const trouble = all.filter((place) => place.state === "down" || place.state === "avoided").length;
  const what = isLocal ? ["containers", "endpoint"] : ["hosts", "endpoint"];
  const flow = traffic
    ? `${rate(traffic.requests_per_second)} requests and ${rate(traffic.errors_per_second)} errors each second. ` : "";
  return `The ${isLocal ? "local" : "front"} tier between its clients and its ${what[0]}. ${flow}`
    + `${counted(all.length, what[1])}, ${number(trouble)} down or avoided.`;
}

export class Picture {
  /** @param {Element} place @param {Element} note */
  constructor(place, note) {
    this.place = place;
    this.note = note;
    this.edges = svg("g");
    this.boxes = svg("g");
    this.labels = svg("g");
    this.root = svg("svg", { role: "img" }, this.edges, this.boxes, this.labels);
    place.replaceChildren(this.root);
    this.last = null;
    new ResizeObserver(() => this.draw()).observe(place);
  }

  update(data) {
    this.last = scene(data);
    this.draw();
    set(this.root, "aria-label", this.last.words);
    const time = data.traffic?.window_seconds;
    setText(this.note, data.hasNoRates ? "Rates are not available from this tier."
      : time > 0 ? `Rates of the last ${duration(Math.round(time))}.` : "");
    this.note.hidden = this.note.textContent === "";
  }

  draw() {
    const width = Math.floor(this.place.clientWidth);
    if (!this.last || width < 200) return;
    const laid = width < NARROW ? layDown(this.last, width) : layAcross(this.last, width);
    set(this.root, "viewBox", `0 0 ${width} ${laid.height}`);
    keep(this.edges, laid.edges, (edge) => edge.key, makeEdge, updateEdge);
    keep(this.boxes, laid.boxes, (box) => box.key, makeBox, updateBox);
    keep(this.labels, laid.labels, (label) => label.text, () => svg("text", { class: "label" }), (node, label) => {
      set(node, "x", label.x);
      set(node, "y", label.y);
      setText(node, label.text);
    });
  }
}

/** Stations beside each other. */
function layAcross({ stations, here }, width) {
  const gap = Math.max(36, Math.min(110, width * 0.075));
  const shares = stations.map((station, index) => (index === here ? 1.05 : station.boxes[0]?.kind === "place" ? 1.7 : 0.95));
  const unit = (width - 2 - gap * (stations.length - 1)) / shares.reduce((sum, share) => sum + share, 0);
  const rows = Math.max(3, ...stations.map((station) => station.boxes.length));
  const height = HEAD + rows * ROW;
  const boxes = [];
  const labels = [];
  let x = 1;
  stations.forEach((station, index) => {
    const wide = unit * shares[index];
    labels.push({ text: station.label, x: Math.round(x), y: 12 });
    const own = index === here ? Math.min(88, rows * ROW - 8) : TALL;
    const all = index === here ? own : station.boxes.length * ROW - (ROW - TALL);
    let y = HEAD + (rows * ROW - (ROW - TALL) - all) / 2;
    for (const box of station.boxes) {
      boxes.push({ ...box, x: Math.round(x), y: Math.round(y), width: Math.floor(wide), height: Math.round(own) });
      y += ROW;
    }
    x += wide + gap;
  });
  const edges = joined(stations, here, boxes, (from, to) => {
    const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
    const middle = (x1 + x2) / 2;
    return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  });
  return { boxes, labels, edges, height };
}

/** Stations below each other; lines run along the left. */
function layDown({ stations, here }, width) {
  const boxes = [];
  const labels = [];
  let y = 0;
  stations.forEach((station, index) => {
    labels.push({ text: station.label, x: 34, y: y + 14 });
    y += 22;
    const own = index === here ? 64 : TALL;
    for (const box of station.boxes) {
      boxes.push({ ...box, x: 33, y, width: width - 34, height: own });
      y += own + 6;
    }
    y += 8;
  });
  const edges = joined(stations, here, boxes, (from, to) => {
    const [y1, y2] = [from.y + from.height / 2 + 6, to.y + to.height / 2 - 6];
    return `M33 ${y1}C6 ${y1} 6 ${y1} 6 ${(y1 + y2) / 2}S6 ${y2} 33 ${y2}`;
  });
  return { boxes, labels, edges, height: y };
}

/** The lines: each box of a station with each of the next, one of which is a single box. */
function joined(stations, here, boxes, path) {
  const byKey = new Map(boxes.map((box) => [box.key, box]));
  const edges = [];
  for (let index = 0; index + 1 < stations.length; index += 1) {
    for (const from of stations[index].boxes) {
      for (const to of stations[index + 1].boxes) {
        // Nothing leads from "more" to what no box stands for.
        if (from.kind === "more" && to.kind === "dim") continue;
        const [a, b] = [byKey.get(from.key), byKey.get(to.key)];
        if (!a || !b) continue;
        const carried = flowOf(index, here, stations[index].boxes.length, from, to);
        edges.push({ key: `${from.key} → ${to.key}`, d: path(a, b), ...carried });
      }
    }
  }
  return edges;
}

/** What a line carries: what its endpoint gets; before this tier all that it receives, where that is one line. */
function flowOf(index, here, sources, from, to) {
  if (to.kind === "place") return { requests: to.requests, errors: to.errors };
  if (index < here && sources === 1 && from.kind !== "dim") {
    const tier = to.kind === "here" ? to : null;
    return { requests: tier?.requests ?? null, errors: tier?.errors ?? null };
  }
  if (index < here && to.kind === "here") return { requests: to.requests === null ? null : to.requests / sources, errors: 0 };
  return { requests: null, errors: null };
}

function makeEdge() {
  const [line, flow, errors] = ["edge", "flow", "flow errors"].map((name) => svg("path", { class: name }));
  const group = svg("g", null, line, flow, errors);
  group.lines = { line, flow, errors };
  return group;
}

function updateEdge(group, edge) {
  const { line, flow, errors } = group.lines;
  const wide = thickness(edge.requests).toFixed(1);
  const isLive = edge.requests > 0;
  set(line, "d", edge.d);
  set(line, "class", isLive ? "edge live" : "edge");
  line.style.strokeWidth = isLive ? wide : "1.5";
  set(flow, "d", isLive ? edge.d : null);
  set(flow, "class", `flow ${speed(edge.requests)}`.trim());
  flow.style.strokeWidth = (1.5 + Number(wide) / 2).toFixed(1);
  const fails = edge.errors > 0;
  set(errors, "d", fails ? edge.d : null);
  set(errors, "class", `flow errors ${speed(edge.errors)}`.trim());
  errors.style.strokeWidth = (1.5 + thickness(edge.errors)).toFixed(1);
}

function makeBox() {
  const parts = {
    title: svg("title"), rect: svg("rect", { rx: 5 }), sign: svg("text", { class: "sign" }), name: svg("text", { class: "name" }),
    line: svg("text", { class: "label" }), figure: svg("text", { "text-anchor": "end" }),
    errors: svg("text", { "text-anchor": "end", class: "figure-bad" }), big: svg("text", { class: "big" }),
  };
  const group = svg("g", null, Object.values(parts));
  group.parts = parts;
  return group;
}

function updateBox(group, box) {
  const { title, rect, sign, name, line, figure, errors, big } = group.parts;
  const { x, y, width, height } = box;
  const isHere = box.kind === "here";
  const isPlace = box.kind === "place";
  set(group, "data-state", isPlace ? box.state : null);
  setText(title, box.title);
  for (const [key, value] of Object.entries({ x, y, width, height })) set(rect, key, value);
  set(rect, "class", `box ${isHere ? "here" : box.kind === "dim" || box.kind === "more" ? "dim" : ""}`.trim());

  const left = x + (isPlace ? 26 : 10);
  const figures = isPlace && box.requests !== null && box.requests !== undefined ? 62 : 0;
  const letters = Math.floor((width - (left - x) - 8 - figures) / 7);
  setText(sign, isPlace ? STATES[box.state]?.sign ?? "○" : "");
  position(sign, x + 9, y + 23);
  const at = isHere ? y + 20 : y + 16;
  position(name, left, at);
  set(name, "class", `name${box.kind === "dim" || box.kind === "more" ? " dim" : ""}`);
  setText(name, shortened(box.name, letters));
  const isKnown = box.requests !== null && box.requests !== undefined;
  setText(big, isHere && isKnown ? rate(box.requests) : "");
  position(big, left, y + 43);
  const second = !isHere ? box.line : isKnown ? "requests/s" : "";
  position(line, left, isHere ? y + 58 : y + 30);
  setText(line, shortened(second, Math.floor((width - (left - x) - 6 - figures) / 5.8)));
  setText(figure, isPlace && figures ? `${rate(box.requests)}/s` : isHere && height > 80 ? box.note ?? "" : "");
  set(figure, "text-anchor", isHere ? "start" : "end");
  set(figure, "class", isHere ? "label" : "");
  position(figure, isHere ? left : x + width - 9, isHere ? y + 75 : y + 16);
  setText(errors, box.errors > 0 && (isPlace || isHere) ? `✕ ${rate(box.errors)}/s` : "");
  position(errors, x + width - 9, isHere ? y + 58 : y + 30);
}

function position(node, x, y) {
  set(node, "x", Math.round(x));
  set(node, "y", Math.round(y));
}
