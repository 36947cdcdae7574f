// What a person should look at, the worst first, each with the section that has more.

import { list } from "./api.js";
import { entries } from "./certificates.js";
import { byId, el, foreign, keep, set, setText, show } from "./dom.js";
import { counted, number, percent, rate } from "./text.js";

/** Lines of one kind; further ones are counted. */
const LINES = 4;
/** Errors among all responses from which on the share is named. */
const SHARE = 0.02;

/** The sections that lines lead to: links of the page's own. */
const SECTIONS = { pools: "#pools", rules: "#rules", names: "#names", certificates: "#certificates", failures: "#failures", way: "#way" };

function few(lines, section, what) {
  if (lines.length <= LINES) return lines;
  const rest = lines.length - LINES;
  const worst = lines.slice(0, LINES);
  return [...worst, { level: lines[LINES].level, section, key: `more ${section}`, words: () => [`${number(rest)} more ${what}`] }];
}

function poolLines(pools) {
  const lines = [];
  for (const target of list(pools?.targets)) {
    if (!target.in_use && !list(target.members).some((member) => member.state === "down" && member.check)) continue;
    if (target.next?.failure) {
      lines.push({
        level: "bad", section: "pools", key: `next ${target.name}`, shown: target.next.failure,
        words: () => [foreign(target.name), " has no endpoint for a request: ", foreign(target.next.failure)],
      });
    }
    for (const member of list(target.members)) {
      if (member.state !== "down" && member.state !== "avoided") continue;
      const cause = member.cause ? [" (", foreign(member.cause), ")"] : [];
      lines.push({
        level: member.state === "down" && !member.set_by_operator ? "bad" : "warn", section: "pools",
        key: `member ${target.name} ${member.endpoint}`, shown: [member.state, member.cause],
        words: () => [foreign(member.endpoint), " of ", foreign(target.name), ` is ${member.state}`, ...cause],
      });
    }
  }
  for (const hold of list(pools?.holds)) {
    lines.push({
      level: "warn", section: "pools", key: `hold ${hold.name}`, shown: [hold.state, hold.waiting],
      words: () => [foreign(hold.name), hold.state === "stopped" ? " is stopped" : ` is paused, ${counted(hold.waiting ?? 0, "request")} waiting`],
    });
  }
  return lines;
}

function certificateLines(report) {
  return entries(report).filter((one) => one.state !== "valid").map((one) => ({
    level: one.state === "expires_soon" ? "warn" : "bad", section: "certificates",
    key: `certificate ${one.where} ${one.fingerprint ?? one.problem}`, shown: [one.state, one.days],
    words: () => {
      if (one.state === "problem") return [foreign(one.problem)];
      const name = one.names[0] ?? one.where;
      return one.state === "expired" ? [foreign(name), " has expired"] : [foreign(name), ` expires in ${counted(Math.max(0, one.days), "day")}`];
    },
  }));
}

function sourceLines(status) {
  return list(status?.names?.sources).filter((source) => source.error || source.ready === false).map((source) => ({
    level: source.error && source.ready === false ? "bad" : "warn", section: "names", key: `source ${source.name}`,
    shown: [source.error, source.ready],
    words: () => (source.error ? ["source ", foreign(source.name), ": ", foreign(source.error)]
      : ["source ", foreign(source.name), " has not loaded its names"]),
  }));
}

function tierLines(status, traffic) {
  const lines = [];
  if (status?.draining) {
    lines.push({ level: "warn", section: "way", key: "draining", words: () => ["The tier drains: it ends when its requests have."] });
  } else if (status?.ready === false) {
    lines.push({ level: "warn", section: "names", key: "ready", words: () => ["The tier is not ready."] });
  }
  const failed = status?.rules?.reloads?.last_error;
  if (failed) lines.push({ level: "bad", section: "rules", key: "reload", shown: failed, words: () => ["The last reload failed: ", foreign(failed)] });
  const [all, errors] = [Number(traffic?.requests_per_second) || 0, Number(traffic?.errors_per_second) || 0];
  if (errors > 0 && errors >= SHARE * all) {
    const share = all >= errors ? `, ${percent(errors, all)} of all` : "";
    const text = `${rate(errors)} errors each second${share}`;
    lines.push({ level: "bad", section: "failures", key: "errors", shown: text, words: () => [text] });
  }
  return lines;
}

export class Attention {
  constructor() {
    this.place = byId("attention");
    this.list = byId("attention-list");
    this.none = byId("attention-none");
  }

  /** @returns {{ bad: number, warn: number }} */
  update({ status, traffic, pools, certificates }) {
    const isBad = (line) => Number(line.level !== "bad");
    const byLevel = (lines) => [...lines].sort((left, right) => isBad(left) - isBad(right));
    const lines = byLevel([
      ...tierLines(status, traffic), ...few(byLevel(poolLines(pools)), "pools", "in the pools"),
      ...few(sourceLines(status), "names", "sources"), ...few(byLevel(certificateLines(certificates)), "certificates", "certificates"),
    ]);
    keep(this.list, lines, (line) => line.key, () => el("li"), (item, line) => {
      set(item, "class", line.level);
      show(item, [line.level, line.shown ?? line.key], () => [...line.words(), this.link(line.section)]);
    });
    const count = { bad: lines.filter((line) => line.level === "bad").length, warn: 0 };
    count.warn = lines.length - count.bad;
    set(this.place, "class", count.bad ? "has-bad" : count.warn ? "has-warn" : null);
    const knows = pools || status;
    setText(this.none, lines.length ? "" : knows ? "Nothing." : "Nothing is known yet.");
    this.none.hidden = lines.length > 0;
    return count;
  }

  link(section) {
    const link = el("a", null, "show");
    link.href = SECTIONS[section];
    return link;
  }
}
