// What /pools and /traffic state of endpoints, put together.

import { list } from "./api.js";

/** The states of endpoints, the worst first: a sign beside the word, as colour alone is not enough. */
export const STATES = {
  down: { sign: "✕", level: "bad" },
  avoided: { sign: "▲", level: "warn" },
  probing: { sign: "◐", level: "warn" },
  drain: { sign: "▽", level: "warn" },
  up: { sign: "●", level: "good" },
};

export function stateOf(member) {
  return Object.hasOwn(STATES, member?.state) ? member.state : "unknown";
}

const order = Object.keys(STATES);

function worse(left, right) {
  const place = (state) => (order.includes(state) ? order.indexOf(state) : order.length);
  return place(left) <= place(right) ? left : right;
}

/**
 * The rates of endpoints.
 *
 * @returns {(pool: any, endpoint: any) => { requests: number | null, errors: number | null }}
 */
export function rates(traffic) {
  if (!traffic) return () => ({ requests: null, errors: null });
  const exact = new Map();
  const places = new Map();
  const add = (map, key, entry) => {
    const sum = map.get(key) ?? { requests: 0, errors: 0 };
    sum.requests += Number(entry.requests_per_second) || 0;
    sum.errors += Number(entry.errors_per_second) || 0;
    map.set(key, sum);
  };
  for (const entry of list(traffic.endpoints)) {
    add(exact, JSON.stringify([entry.pool ?? null, entry.endpoint]), entry);
    add(places, String(entry.endpoint), entry);
  }
  const none = { requests: 0, errors: 0 };
  return (pool, endpoint) => {
    if (pool === undefined) return places.get(String(endpoint)) ?? none;
    return exact.get(JSON.stringify([pool ?? null, endpoint])) ?? none;
  };
}

/**
 * The places that a tier sends requests to: one for each address, whatever targets have it.
 *
 * @returns {{ key: string, endpoint: string, names: string[], state: string, inUse: boolean, requests: number | null,
 *   errors: number | null, inFlight: number }[]}
 */
export function places(pools, traffic) {
  const rateOf = rates(traffic);
  const found = new Map();
  for (const target of list(pools?.targets)) {
    for (const member of list(target.members)) {
      const endpoint = String(member.endpoint);
      const state = stateOf(member);
      const place = found.get(endpoint) ?? {
        key: endpoint, endpoint, names: [], state, inUse: false, inFlight: 0, ...rateOf(undefined, endpoint),
      };
      if (!place.names.includes(target.name)) place.names.push(target.name);
      place.state = worse(place.state, state);
      place.inUse = place.inUse || target.in_use === true;
      place.inFlight += Number(member.requests) || 0;
      found.set(endpoint, place);
    }
  }
  for (const entry of list(traffic?.endpoints)) {
    const endpoint = String(entry.endpoint);
    if (found.has(endpoint)) continue;
    found.set(endpoint, {
      key: endpoint, endpoint, names: entry.pool ? [entry.pool] : [], state: "unknown", inUse: true, inFlight: 0,
      ...rateOf(undefined, endpoint),
    });
  }
  return [...found.values()];
}

/** Those that the picture has room for: in trouble first, then busy; in the order of their names. */
export function chosen(all, count) {
  const weight = (place) => {
    const trouble = place.state === "down" || place.state === "avoided" ? 2 : place.errors > 0 ? 1 : 0;
    return [trouble * (place.inUse ? 1 : 0), place.inUse ? 1 : 0, place.requests ?? 0, place.inFlight];
  };
  const ranked = [...all].sort((left, right) => {
    const [a, b] = [weight(left), weight(right)];
    for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return b[index] - a[index];
    return left.key < right.key ? -1 : 1;
  });
  const name = (place) => `${place.names[0] ?? ""} ${place.endpoint}`;
  return ranked.slice(0, count).sort((left, right) => name(left).localeCompare(name(right), "en", { numeric: true }));
}
