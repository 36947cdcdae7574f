// The page of one tier: what it fetches, and who shows it.

import { token } from "./api.js";
import { Attention } from "./attention.js";
import { Certificates } from "./certificates.js";
import { Clients } from "./clients.js";
import { byId, el, foreign, keep, set, setText, show } from "./dom.js";
import { DryRun } from "./dry-run.js";
import { Failures, LIMIT } from "./failures.js";
import { Feeds } from "./feeds.js";
import { Keys, pressed } from "./keys.js";
import { Names, namesPath } from "./names.js";
import { Picture } from "./picture.js";
import { Pools } from "./pools.js";
import { Rules } from "./rules.js";
import { Totals } from "./totals.js";
import { clock, duration, number, plain } from "./text.js";

/** From a response to the next request, milliseconds. */
const SOON = 2000;
const LATER = 10_000;
const SELDOM = 30_000;
/** After the last letter in a field, milliseconds. */
const PAUSE = 250;

class Page {
  constructor() {
    this.feeds = new Feeds(() => this.draw());
    this.feeds.add("status", "/status", SOON);
    this.feeds.add("traffic", "/traffic", SOON);
    this.feeds.add("pools", "/pools", SOON);
    this.feeds.add("rules", "/rules", SOON);
    this.feeds.add("failures", `/requests?failed=1&limit=${LIMIT}`, SOON);
    this.feeds.add("connections", "/connections?limit=200", 2 * SOON);
    this.feeds.add("top", "/top?by=requests&limit=20", 2 * SOON);
    this.feeds.add("names", namesPath(""), LATER);
    this.feeds.add("certificates", "/certificates", SELDOM);

    this.attention = new Attention();
    this.totals = new Totals(byId("totals"));
    this.picture = new Picture(byId("picture"), byId("way-note"));
    this.pools = new Pools(byId("pools-content"), this.feeds);
    this.rules = new Rules(byId("rules-content"), byId("rules-files"), this.feeds);
    this.names = new Names(byId("sources-content"), byId("names-content"), this.feeds);
    this.failures = new Failures(byId("failures-content"), this.feeds);
    this.certificates = new Certificates(byId("certificates-content"), this.feeds);
    this.clients = new Clients(byId("top-content"), byId("connections-content"), this.feeds);
    this.dryRun = new DryRun();
    this.filterWords = [];
    this.keys = new Keys({ pause: () => this.pause(), refresh: () => this.feeds.refresh() });

    this.listen();
    setInterval(() => this.drawTime(), 1000);
    this.feeds.run();
  }

  listen() {
    byId("pause").addEventListener("click", () => this.pause());
    const filter = byId("filter");
    afterTyping(filter, () => {
      this.filterWords = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      this.draw();
    });
    const prefix = byId("names-prefix");
    afterTyping(prefix, () => this.feeds.change("names", namesPath(prefix.value.trim())));
    const by = byId("top-by");
    by.addEventListener("change", () => this.feeds.change("top", `/top?by=${encodeURIComponent(by.value)}&limit=20`));
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId("token-field");
      token.set(field.value.trim());
      field.value = "";
      // Shown again where the tier does not accept it.
      byId("token").hidden = true;
      this.feeds.refresh();
    });
  }

  pause() {
    this.feeds.setPaused(!this.feeds.isPaused);
    const button = byId("pause");
    pressed(button, this.feeds.isPaused);
    document.documentElement.classList.toggle("paused", this.feeds.isPaused);
  }

  /** Whether all words of the filter are in some of these texts. */
  get filter() {
    const words = this.filterWords;
    if (words.length === 0) return () => true;
    return (texts) => {
      const all = texts.filter((text) => text !== null && text !== undefined).join("\n").toLowerCase();
      return words.every((word) => all.includes(word));
    };
  }

  get data() {
    const value = (name) => this.feeds.value(name);
    return {
      status: value("status"), traffic: value("traffic"), pools: value("pools"), connections: value("connections"),
      certificates: value("certificates"), hasNoRates: this.feeds.isMissing("traffic") && this.feeds.result("traffic") !== null,
    };
  }

  draw() {
    const { data, filter } = this;
    let count = { bad: 0, warn: 0 };
    const parts = [
      () => this.drawToken(),
      () => {
        count = this.attention.update(data);
      },
      () => this.totals.update(data),
      () => this.picture.update(data),
      () => this.failures.update(filter),
      () => this.pools.update(filter),
      () => this.rules.update(filter),
      () => this.names.update(),
      () => this.certificates.update(filter),
      () => this.clients.update(filter),
      () => this.drawHead(data, count),
    ];
    for (const part of parts) {
      // What is wrong with one part of the page does not take the others along.
      try {
        part();
      } catch (error) {
        console.error(error);
      }
    }
    this.drawTime();
  }

  drawToken() {
    const place = byId("token");
    const isNeeded = this.feeds.needsToken;
    if (place.hidden !== isNeeded) return;
    place.hidden = !isNeeded;
    if (!isNeeded) return;
    setText(byId("token-reason"), token.get() ? "The tier does not accept this token." : "This listener needs a token.");
    token.clear();
    byId("token-field").focus();
  }

  drawHead({ status, pools }, count) {
    const tier = status?.tier ?? pools?.tier;
    show(byId("tier-name"), tier ?? "", () => (tier ? [foreign(tier)] : []));
    const isSilent = this.feeds.silentSince !== null;
    const [word, level] = isSilent ? ["no response", "bad"]
      : this.feeds.needsToken ? ["token needed", "warn"]
        : status?.draining ? ["draining", "warn"]
          : status ? (status.ready === false ? ["not ready", "warn"] : ["ready", "good"])
            : this.feeds.lastResponse ? ["responds", "good"] : ["starting", ""];
    const pill = byId("state");
    setText(pill, word);
    set(pill, "class", `pill ${level}`.trim());
    const facts = [];
    const add = (label, value) => facts.push({ label, value });
    if (status?.instance) add("instance", status.instance);
    if (status?.version) add("version", status.version);
    if (typeof status?.uptime_seconds === "number") add("up", duration(status.uptime_seconds));
    if (typeof status?.generation === "number") add("generation", number(status.generation));
    keep(byId("facts"), facts, (fact) => fact.label, (fact) => el("div", null, el("dt", null, fact.label), el("dd")), (node, fact) =>
      show(node.lastChild, fact.value, () => [foreign(fact.value)]));
    const mark = isSilent ? "no response: " : count.bad ? `(${number(count.bad)}) ` : "";
    document.title = `${mark}${plain(tier ?? "", 20)} Berth`.trim();
  }

  drawTime() {
    const { silentSince, lastResponse, isPaused } = this.feeds;
    const alert = byId("alert");
    alert.hidden = silentSince === null;
    document.documentElement.classList.toggle("stale", silentSince !== null);
    const since = silentSince === null ? "" : clock(new Date(silentSince));
    const text = silentSince === null ? "" : lastResponse
      ? `The tier does not respond. All figures are those of ${since}. The page tries again every two seconds.`
      : "The tier does not respond. The page tries again every two seconds.";
    setText(alert, text);
    const age = lastResponse === null ? null : (Date.now() - lastResponse) / 1000;
    setText(byId("updated"), isPaused ? "paused" : age === null ? "" : age < 3 ? "live" : `${duration(Math.floor(age))} ago`);
  }
}

function afterTyping(field, action) {
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(action, PAUSE);
  });
}

new Page();
