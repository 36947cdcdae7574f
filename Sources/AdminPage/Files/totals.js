// The figures of the whole tier, and their course over the last minutes.

import { list } from "./api.js";
import { el, keep, set, setText, svg } from "./dom.js";
import { milliseconds, number, percent, rate } from "./text.js";

/** Values that the course has: three minutes at two seconds each. */
const COURSE = 90;
const WIDTH = 180;
const HEIGHT = 34;

function line(values, most) {
  const step = WIDTH / (COURSE - 1);
  const first = COURSE - values.length;
  const y = (value) => (HEIGHT - 2 - (most > 0 ? (value / most) * (HEIGHT - 6) : 0)).toFixed(1);
  return values.map((value, index) => `${index ? "L" : "M"}${((first + index) * step).toFixed(1)} ${y(value)}`).join("");
}

/** The slowest of the rules that had requests: p99 of the whole is at most this. */
function slowest(traffic) {
  const times = list(traffic?.rules).map((rule) => rule.p99_ms).filter((value) => typeof value === "number");
  return times.length ? Math.max(...times) : null;
}

function statuses(traffic) {
  const counts = traffic?.statuses;
  if (!counts || typeof counts !== "object") return [];
  const all = Object.values(counts).reduce((sum, count) => sum + (Number(count) || 0), 0);
  return ["2xx", "3xx", "4xx", "5xx"].filter((name) => Number(counts[name]) > 0)
    .map((name) => ({ label: name, text: percent(Number(counts[name]), all), level: name === "5xx" ? "bad" : "" }));
}

export class Totals {
  constructor(place) {
    this.place = place;
    this.course = [];
    this.last = null;
    this.requests = svg("path", { class: "spark-line" });
    this.errors = svg("path", { class: "spark-errors" });
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img" }, this.requests, this.errors);
    this.spark = el("div", { class: "spark", hidden: true }, el("dt", null, "Last three minutes"), el("dd", null, this.picture));
    place.append(this.spark);
  }

  update({ status, traffic, connections }) {
    const items = [];
    const add = (label, text, level = "") => items.push({ label, text, level });
    if (traffic) {
      add("Requests/s", rate(traffic.requests_per_second));
      add("Errors/s", rate(traffic.errors_per_second), traffic.errors_per_second > 0 ? "bad" : "");
      for (const one of statuses(traffic)) add(one.label, one.text, one.level);
      const time = slowest(traffic);
      if (time !== null) add("Slowest p99", milliseconds(time));
    }
    const inFlight = traffic?.in_flight ?? status?.requests_in_flight;
    if (typeof inFlight === "number") add("In flight", number(inFlight));
    const open = status?.connections ?? connections?.total;
    if (typeof open === "number") add("Connections", number(open));
    keep(this.place, items, (item) => item.label, makeFigure, fillFigure, this.spark);
    this.place.hidden = items.length === 0;
    this.note(traffic);
  }

  note(traffic) {
    if (!traffic || traffic === this.last) return;
    this.last = traffic;
    this.course.push([Number(traffic.requests_per_second) || 0, Number(traffic.errors_per_second) || 0]);
    if (this.course.length > COURSE) this.course.shift();
    const most = Math.max(...this.course.map(([requests]) => requests));
    this.spark.hidden = this.course.length < 2;
    set(this.requests, "d", line(this.course.map(([requests]) => requests), most));
    const fails = this.course.some(([, errors]) => errors > 0);
    set(this.errors, "d", fails ? line(this.course.map(([, errors]) => errors), most) : null);
    set(this.picture, "aria-label", `Requests each second, up to ${rate(most)}`);
  }
}

function makeFigure(item) {
  const value = el("dd");
  const node = el("div", null, el("dt", null, item.label), value);
  node.value_ = value;
  return node;
}

function fillFigure(node, item) {
  setText(node.value_, item.text);
  set(node.value_, "class", item.level || null);
}

