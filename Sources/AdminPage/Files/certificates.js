// The certificates of listeners, of targets and of clients, those that expire first at the top.

import { list } from "./api.js";
import { el, foreign } from "./dom.js";
import { Section } from "./section.js";
import { Table } from "./table.js";
import { date, day, number } from "./text.js";

const WORDS = { valid: ["● valid", "good"], expires_soon: ["▲ expires soon", "warn"], expired: ["✕ expired", "bad"] };

/** Everything that can expire, and every file that cannot be used. */
export function entries(report) {
  const found = [];
  const add = (where, names, item) => {
    found.push({
      where, names: names.map(String), expires: item.not_after, days: item.days_left, state: item.state, kind: item.key_kind,
      issuer: item.issuer ?? null, isDefault: item.is_default === true, problem: null, fingerprint: item.fingerprint,
    });
  };
  const problems = (where, items) => {
    for (const problem of list(items)) {
      found.push({ where, names: [], state: "problem", problem: problem.message, keepsOld: problem.keeps_old === true });
    }
  };
  for (const listener of list(report?.listeners)) {
    for (const item of list(listener.certificates)) add(listener.address, list(item.names), item);
    problems(listener.address, listener.problems);
  }
  for (const upstream of list(report?.upstreams)) {
    const where = `to ${upstream.server_name ?? "targets"}`;
    for (const item of list(upstream.authorities)) add(where, [item.name], item);
    if (upstream.certificate) add(where, list(upstream.certificate.names), upstream.certificate);
    problems(where, upstream.problems);
  }
  for (const clients of list(report?.clients)) {
    for (const item of list(clients.authorities)) add("clients", [item.name], item);
    problems("clients", clients.problems);
  }
  return found;
}

const columns = [
  {
    key: "names", label: "Names", name: true, value: (one) => [one.names, one.isDefault, one.problem],
    order: (one) => one.names.join(" "),
    view: ([names, isDefault, problem]) => [
      names.slice(0, 6).flatMap((name, index) => [index ? ", " : "", foreign(name)]),
      names.length > 6 ? ` and ${number(names.length - 6)} more` : null,
      isDefault ? [" ", el("span", { class: "tag" }, "default")] : null,
      problem ? foreign(problem, "bad") : null,
    ].flat(2),
  },
  { key: "where", label: "At", value: (one) => one.where, view: (where) => foreign(where) },
  {
    key: "expires", label: "Expires", value: (one) => [one.state, one.expires ?? null, one.days ?? null],
    order: (one) => (one.state === "problem" ? -1e9 : one.days ?? null),
    view: ([state, expires, days]) => {
      if (state === "problem") return el("span", { class: "bad" }, "✕ cannot be used");
      const [word, level] = Object.hasOwn(WORDS, state) ? WORDS[state] : ["○", ""];
      const end = date(expires);
      return [
        el("span", { class: level }, state === "valid" ? `● in ${number(days)} d` : `${word}${days >= 0 ? `, in ${number(days)} d` : ""}`),
        end ? el("span", { class: "sub" }, day(end)) : null,
      ];
    },
  },
  {
    key: "issuer", label: "Issuer", value: (one) => [one.issuer ?? null, one.kind ?? null], order: (one) => one.issuer ?? null,
    view: ([issuer, kind]) => [issuer ? foreign(issuer) : "–", kind ? el("span", { class: "sub" }, foreign(kind)) : null],
  },
];

export class Certificates {
  constructor(place, feeds) {
    this.section = new Section(place, feeds, "certificates");
    this.table = new Table(this.section.content, {
      caption: "Certificates", columns, empty: "This tier has no certificates.", order: { key: "expires", descends: false },
      key: (one) => JSON.stringify([one.where, one.fingerprint, one.names, one.problem]),
    });
  }

  update(filter) {
    const report = this.section.value();
    if (report) this.table.update(entries(report).filter((one) => filter([...one.names, one.where, one.issuer])));
  }
}
