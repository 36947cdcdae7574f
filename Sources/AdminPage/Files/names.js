// The sources of names with their age, and the names that begin with a text.

import { list } from "./api.js";
import { el, foreign } from "./dom.js";
import { Section } from "./section.js";
import { Table } from "./table.js";
import { duration, number } from "./text.js";

/** Names that the tier sends at a time. */
export const LIMIT = 200;

const sourceColumns = [
  {
    key: "name", label: "Source", name: true, value: (source) => [source.name, source.kind], order: (source) => source.name ?? "",
    view: ([name, kind]) => [foreign(name), kind && kind !== name ? el("span", { class: "quiet" }, " ", foreign(kind)) : null],
  },
  {
    key: "ready", label: "State", value: (source) => [source.ready, source.error ?? null], order: (source) => String(source.ready),
    view: ([ready, error]) => [
      el("span", { class: error ? "bad" : ready ? "good" : "warn" }, error ? "✕ error" : ready ? "● ready" : "◐ loading"),
      error ? el("span", { class: "sub" }, foreign(error)) : null,
    ],
  },
  { key: "entries", label: "Names", number: true, value: (source) => source.entries ?? null, view: (value) => number(value) },
  { key: "age", label: "Age", number: true, value: (source) => source.age_seconds ?? null, view: (value) => duration(value) },
];

const columns = [
  { key: "name", label: "Name", name: true, value: (entry) => entry.name, view: (name) => foreign(name) },
  {
    key: "endpoints", label: "Endpoints", value: (entry) => list(entry.endpoints), order: (entry) => list(entry.endpoints).join(" "),
    view: (endpoints) => endpoints.slice(0, 8).flatMap((one, index) => [index ? ", " : "", foreign(one)])
      .concat(endpoints.length > 8 ? ` and ${number(endpoints.length - 8)} more` : []),
  },
  { key: "source", label: "Source", value: (entry) => entry.source, view: (source) => foreign(source) },
  { key: "age", label: "Age", number: true, value: (entry) => entry.age_seconds ?? null, view: (value) => duration(value) },
];

export function namesPath(prefix) {
  const query = new URLSearchParams({ limit: String(LIMIT) });
  if (prefix) query.set("prefix", prefix.toLowerCase());
  return `/names?${query}`;
}

export class Names {
  constructor(sources, place, feeds) {
    this.feeds = feeds;
    this.sourcesPlace = sources;
    this.sources = new Table(sources, {
      caption: "Sources of names", columns: sourceColumns, key: (source) => `${source.name}`, empty: "No source of names.",
    });
    this.section = new Section(place, feeds, "names");
    this.table = new Table(this.section.content, {
      caption: "Names", columns, key: (entry) => JSON.stringify([entry.name, entry.source]), empty: "No name begins like this.", few: 12,
    });
  }

  update() {
    const status = this.feeds.value("status");
    this.sourcesPlace.hidden = !status?.names;
    if (status?.names) this.sources.update(list(status.names.sources));
    const report = this.section.value();
    if (report) this.table.update(list(report.names), typeof report.total === "number" ? report.total : null);
  }
}
