// Targets with their endpoints: state, weight, requests, and what happened last.

import { list } from "./api.js";
import { el, foreign, keep, show } from "./dom.js";
import { STATES, rates, stateOf } from "./endpoints.js";
import { Section } from "./section.js";
import { emptyTable, fillRow, headRow } from "./table.js";
import { counted, duration, number, rate } from "./text.js";

const FEW = 25;
const MANY = 500;

function stateView([state, tags]) {
  const { sign, level } = STATES[state] ?? { sign: "○", level: "" };
  return el("span", { class: "state" }, el("span", { class: level }, `${sign} ${state}`), " ",
    tags.map((tag) => el("span", { class: "tag" }, tag)));
}

/** What kind of state it is, in the page's own words. */
function tags(member) {
  const found = [];
  if (member.set_by_operator) found.push("set");
  if (member.set_by_source) found.push("source");
  if (member.backup) found.push("backup");
  return found;
}

function nextOf(member) {
  if (typeof member.tried_in === "number") return `tried in ${duration(member.tried_in)}`;
  if (typeof member.check?.due_in === "number") return `check in ${duration(member.check.due_in)}`;
  return null;
}

function lastOf(member) {
  const last = list(member.transitions).at(-1);
  const cause = member.cause ?? last?.cause ?? null;
  if (!last && !cause) return null;
  const detail = last && last.cause === cause ? last.detail || null : null;
  return [last ? Math.floor(last.age) : null, cause, detail, last?.evidence || null];
}

const columns = [
  {
    key: "endpoint", label: "Endpoint", name: true,
    value: ({ member }) => [member.endpoint, member.scheme ?? null, member.identity ?? null],
    view: ([endpoint, scheme, identity]) => [
      foreign(endpoint), scheme ? el("span", { class: "quiet" }, " (", foreign(scheme), ")") : null,
      identity ? el("span", { class: "sub" }, foreign(identity)) : null,
    ],
  },
  { key: "state", label: "State", value: ({ member }) => [stateOf(member), tags(member)], view: stateView },
  {
    key: "weight", label: "Weight", number: true, value: ({ member }) => [member.weight, member.share],
    view: ([weight, share]) => (typeof share === "number" && share < 1 ? `${number(weight)} (${number(100 * share)} %)` : number(weight)),
  },
  {
    key: "flight", label: "In flight", number: true, value: ({ member }) => [member.requests, member.max_conns ?? null],
    view: ([requests, most]) => (most === null ? number(requests) : `${number(requests)} / ${number(most)}`),
  },
  { key: "rate", label: "Requests/s", number: true, value: ({ flow }) => rate(flow.requests) },
  {
    key: "errors", label: "Errors/s", number: true, value: ({ flow }) => flow.errors,
    view: (errors) => (errors > 0 ? el("span", { class: "bad" }, rate(errors)) : rate(errors)),
  },
  {
    key: "last", label: "Last change", value: ({ member }) => [nextOf(member), lastOf(member)],
    view: ([next, last]) => {
      const lines = [];
      if (last) {
        const [age, cause, detail, evidence] = last;
        lines.push(el("span", null, cause ? foreign(cause) : "changed", age === null ? "" : ` ${duration(age)} ago`));
        if (detail) lines.push(el("span", { class: "sub" }, foreign(detail)));
        if (evidence) lines.push(el("span", { class: "sub" }, foreign(evidence)));
      }
      if (next) lines.push(el("span", { class: "sub" }, next));
      return lines.length ? lines : "–";
    },
  },
];

/** All that a target's line shows. */
function groupKey(group) {
  const { target, hold, split, deployed } = group;
  return [target.name, target.pool, target.method, target.source, target.in_use, target.next, target.places, hold, split, deployed,
    list(target.members).length];
}

function groupView({ target, hold, split, deployed }) {
  const parts = [foreign(target.name)];
  const note = (text) => parts.push(el("span", { class: "quiet" }, text));
  if (target.pool && target.pool !== target.name) parts.push(el("span", { class: "quiet" }, " pool ", foreign(target.pool)));
  if (target.method) parts.push(el("span", { class: "quiet" }, " · ", foreign(target.method)));
  if (target.source) parts.push(el("span", { class: "quiet" }, " · from ", foreign(target.source)));
  if (!target.in_use) note(" · not in use");
  if (deployed) parts.push(" ", el("span", { class: "tag" }, "deployed"));
  if (hold) {
    const waiting = hold.waiting > 0 ? `, ${counted(hold.waiting, "request")} waiting` : "";
    parts.push(" ", el("span", { class: "tag warn" }, `${hold.state === "stopped" ? "stopped" : "paused"}${waiting}`));
    if (hold.message) parts.push(el("span", { class: "sub" }, foreign(hold.message)));
  }
  if (target.next?.failure) parts.push(" ", el("span", { class: "tag bad" }, foreign(target.next.failure)));
  if (target.places) {
    const { requests, max_requests: most, waiting, queue } = target.places;
    note(` · ${number(requests)}${most ? ` of ${number(most)}` : ""} in flight`);
    if (queue) note(`, ${number(waiting)} of ${number(queue)} waiting`);
  }
  if (split) parts.push(el("span", { class: "sub" }, splitView(split)));
  if (list(target.members).length === 0 && !split) parts.push(el("span", { class: "sub" }, "no endpoints"));
  return parts;
}

function splitView(split) {
  const parts = list(split.parts);
  const found = [split.set_by_operator ? "split, set by an operator: " : "split: "];
  parts.forEach((part, index) => {
    const changed = part.weight !== part.written ? ` (rules: ${number(part.written)})` : "";
    found.push(index ? ", " : "", foreign(part.to), ` ${number(part.weight)}${changed}`);
  });
  return found;
}

export class Pools {
  constructor(place, feeds) {
    this.feeds = feeds;
    this.section = new Section(place, feeds, "pools");
    this.table = emptyTable("Targets with their endpoints");
    this.table.append(headRow(columns));
    this.empty = el("p", { class: "quiet" });
    this.more = el("button", { type: "button", class: "more", hidden: true });
    this.limit = FEW;
    this.more.addEventListener("click", () => {
      this.limit = this.limit === FEW ? MANY : FEW;
      this.update(this.filter);
    });
    this.section.content.append(this.table, this.empty, this.more);
  }

  update(filter) {
    this.filter = filter;
    const report = this.section.value();
    if (!report) return;
    const groups = this.groups(report).filter((group) => filter(group.words));
    const shown = groups.slice(0, this.limit);
    const rateOf = rates(this.feeds.value("traffic"));
    const fill = (body, group) => fillBody(body, group, rateOf);
    keep(this.table, shown, (group) => group.target.name, makeBody, fill, this.table.tHead);
    this.table.hidden = shown.length === 0;
    this.empty.hidden = shown.length > 0 && shown.length === groups.length;
    this.empty.textContent = groups.length === 0 ? "No target." : `${number(shown.length)} of ${counted(groups.length, "target")}`;
    this.more.hidden = groups.length <= FEW;
    this.more.textContent = this.limit === FEW ? "Show more" : "Show fewer";
  }

  /** Targets, and what is split or held without an endpoint of its own; those in trouble first. */
  groups(report) {
    const named = (items) => new Map(list(items).map((item) => [item.name, item]));
    const [holds, splits, deployed] = [named(report.holds), named(report.splits), named(report.deployed)];
    const targets = [...list(report.targets)];
    const known = new Set(targets.map((target) => target.name));
    for (const name of [...holds.keys(), ...splits.keys()]) {
      if (known.has(name)) continue;
      known.add(name);
      targets.push({ name, pool: splits.get(name)?.pool, in_use: true, members: [] });
    }
    const groups = targets.map((target) => ({
      target, hold: holds.get(target.name) ?? null, split: splits.get(target.name) ?? null, deployed: deployed.has(target.name),
      words: [target.name, target.pool, target.source, ...list(target.members).flatMap((one) => [one.endpoint, one.identity, one.state])],
    }));
    const trouble = ({ target, hold }) =>
      Number(target.in_use && Boolean(target.next?.failure)) * 4 + Number(Boolean(hold)) * 2
        + Number(list(target.members).some((member) => member.state === "down" || member.state === "avoided"));
    return groups.sort((left, right) => trouble(right) - trouble(left));
  }
}

function makeBody() {
  const head = el("th", { scope: "rowgroup", colspan: columns.length, role: "rowheader" });
  const body = el("tbody", { role: "rowgroup" }, el("tr", { class: "group", role: "row" }, head));
  body.head = head;
  return body;
}

function fillBody(body, group, rateOf) {
  show(body.head, groupKey(group), () => groupView(group));
  const rows = list(group.target.members).map((member) => ({ member, flow: rateOf(group.target.pool ?? null, member.endpoint) }));
  const key = ({ member }) => JSON.stringify([member.endpoint, member.identity, member.scheme]);
  const fill = (row, item) => fillRow(row, item, columns);
  keep(body, rows, key, () => el("tr", { role: "row" }), fill, body.head.parentElement);
}
