// Who sends requests, and for which hosts.

import { list } from "./api.js";
import { foreign } from "./dom.js";
import { Section } from "./section.js";
import { Table } from "./table.js";
import { duration, number } from "./text.js";

const bytes = new Intl.NumberFormat("en", { style: "unit", unit: "byte", notation: "compact", unitDisplay: "narrow" });

const hosts = [
  { key: "host", label: "Host", name: true, value: (one) => one.host, view: (host) => foreign(host) },
  { key: "requests", label: "Requests", number: true, value: (one) => one.requests ?? null, view: (value) => number(value) },
  {
    key: "bytes", label: "Bytes", number: true, value: (one) => one.bytes ?? null,
    view: (value) => (typeof value === "number" ? bytes.format(value) : "–"),
  },
  { key: "errors", label: "Errors", number: true, value: (one) => one.errors ?? null, view: (value) => number(value) },
];

const connections = [
  { key: "client", label: "Client", name: true, value: (one) => one.client, view: (client) => foreign(client) },
  { key: "age", label: "Age", number: true, value: (one) => one.age_seconds ?? null, view: (value) => duration(value) },
  {
    key: "protocol", label: "Protocol", value: (one) => [one.protocol ?? null, one.tls ?? null], order: (one) => one.protocol ?? null,
    view: ([protocol, tls]) => [protocol ? foreign(protocol) : "–", tls ? [" ", tls === true ? "TLS" : foreign(tls)] : null].flat(2),
  },
  { key: "requests", label: "Requests", number: true, value: (one) => one.requests ?? null, view: (value) => number(value) },
  { key: "state", label: "State", value: (one) => one.state ?? null, view: (state) => (state === null ? "–" : foreign(state)) },
];

export class Clients {
  constructor(top, place, feeds) {
    this.top = new Section(top, feeds, "top");
    this.hosts = new Table(this.top.content, {
      caption: "Busiest hosts", columns: hosts, key: (one) => String(one.host), empty: "No request yet.", few: 10,
    });
    this.open = new Section(place, feeds, "connections");
    this.connections = new Table(this.open.content, {
      caption: "Connections of clients", columns: connections, empty: "No connection.", few: 10,
      key: (one) => String(one.key), order: { key: "requests", descends: true },
    });
  }

  update(filter) {
    const top = this.top.value();
    if (top) this.hosts.update(list(top.hosts).filter((one) => filter([one.host])).slice(0, 20));
    const open = this.open.value();
    if (open) {
      const all = list(open.connections).filter((one) => filter([one.client, one.state, one.protocol]));
      // An address may have many connections, and nothing tells them apart.
      all.forEach((one, index) => {
        one.key = index;
      });
      this.connections.update(all, typeof open.total === "number" ? Math.max(open.total, all.length) : null);
    }
  }
}
