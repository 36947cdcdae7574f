// The rules in force, in their order, with what requests do to them.

import { list } from "./api.js";
import { el, foreign } from "./dom.js";
import { Section } from "./section.js";
import { Table } from "./table.js";
import { clock, counted, date, milliseconds, number, percent, rate } from "./text.js";

/** The name under which requests are counted that no rule matches. */
const NONE = "-";

const columns = [
  {
    key: "name", label: "Rule", name: true,
    value: ({ rule }) => [rule.name, rule.host, rule.file, rule.line], order: ({ rule }) => rule.name ?? "",
    view: ([name, host, file, line]) => [
      foreign(name ?? "unnamed"),
      host ? el("span", { class: "sub" }, foreign(host)) : null,
      file ? el("span", { class: "sub" }, foreign(`${file}${line ? `:${line}` : ""}`)) : null,
    ],
  },
  { key: "to", label: "To", value: ({ rule }) => rule.to ?? null, view: (to) => (to === null ? "–" : foreign(to)) },
  {
    key: "rate", label: "Requests/s", number: true, value: ({ flow }) => flow?.requests_per_second ?? null,
    view: (value) => rate(value),
  },
  { key: "requests", label: "Requests", number: true, value: ({ rule }) => rule.requests ?? null, view: (value) => number(value) },
  {
    key: "failures", label: "Failures", number: true, value: ({ rule }) => [rule.failures ?? null, rule.requests ?? null],
    order: ({ rule }) => rule.failures ?? null,
    view: ([failures, requests]) => (failures > 0
      ? [el("span", { class: "bad" }, number(failures)), el("span", { class: "sub" }, percent(failures, requests))]
      : number(failures)),
  },
  {
    key: "p50", label: "p50", number: true, value: ({ rule, flow }) => flow?.p50_ms ?? rule.p50_ms ?? null,
    view: (value) => milliseconds(value),
  },
  {
    key: "p99", label: "p99", number: true, value: ({ rule, flow }) => flow?.p99_ms ?? rule.p99_ms ?? null,
    view: (value) => milliseconds(value),
  },
];

export class Rules {
  /** @param {Element} place @param {Element} files what is loaded, and when. */
  constructor(place, files, feeds) {
    this.feeds = feeds;
    this.files = files;
    this.section = new Section(place, feeds, "rules");
    this.table = new Table(this.section.content, {
      caption: "Rules in force", columns, key: ({ index }) => String(index), empty: "No rule.",
    });
  }

  update(filter) {
    this.showFiles(this.feeds.value("status")?.rules);
    const report = this.section.value();
    if (!report) return;
    const flows = new Map(list(this.feeds.value("traffic")?.rules).map((flow) => [flow.name, flow]));
    const rows = list(report.rules)
      .map((rule, index) => ({ rule, index, flow: flows.get(rule.name) }))
      .concat(flows.has(NONE) ? { rule: { name: "no rule" }, index: NONE, flow: flows.get(NONE) } : [])
      .filter(({ rule }) => filter([rule.name, rule.host, rule.to, rule.file]));
    this.table.update(rows);
  }

  showFiles(rules) {
    const loaded = date(rules?.loaded);
    const parts = [];
    if (rules) {
      parts.push(counted(Number(rules.count) || 0, "rule"));
      const files = list(rules.files);
      if (files.length) parts.push(files.length > 3 ? ` of ${counted(files.length, "file")}` : " of ");
      if (files.length <= 3) files.forEach((file, index) => parts.push(index ? ", " : "", foreign(file)));
      if (loaded) parts.push(`, loaded at ${clock(loaded)}`);
    }
    this.files.replaceChildren(...parts);
    this.files.hidden = parts.length === 0;
  }
}
