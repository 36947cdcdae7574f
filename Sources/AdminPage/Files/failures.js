// The last requests that were refused or failed, with their cause; one of them in full where the reader wants it.

import { get, list } from "./api.js";
import { byId, el, foreign, keep, set, setText, show } from "./dom.js";
import { requestView } from "./request-detail.js";
import { Section } from "./section.js";
import { tree } from "./tree.js";
import { clock, counted, date, milliseconds, number } from "./text.js";

/** Failures that are fetched, and those that are shown at first. */
export const LIMIT = 50;
const FEW = 10;

function key(request) {
  return `${request.id} ${request.time}`;
}

export class Failures {
  constructor(place, feeds) {
    this.section = new Section(place, feeds, "failures");
    this.list = el("ul", { class: "failures" });
    this.empty = el("p", { class: "quiet" }, "No request has failed lately.");
    this.limit = FEW;
    this.more = el("button", { type: "button", class: "more", hidden: true });
    this.more.addEventListener("click", () => {
      this.limit = this.limit === FEW ? LIMIT : FEW;
      this.update(this.filter);
    });
    this.still = el("p", { class: "quiet", hidden: true }, "The list stands still while a failure is open.");
    this.section.content.append(this.still, this.list, this.empty, this.more);
    byId("request-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.find(byId("request-field").value.trim());
    });
  }

  /** One request by its id, else the last one for a host. */
  async find(text) {
    if (!text) return;
    let result = await get(`/requests/${encodeURIComponent(text)}`);
    if (result.state === "missing") result = await get(`/requests/last?${new URLSearchParams({ host: text })}`);
    byId("request-result").replaceChildren(...(result.state === "ok" ? requestView(result.value)
      : [el("p", { class: "quiet" }, foreign(result.message ?? "no response", "prose"))]));
  }

  update(filter) {
    this.filter = filter;
    const report = this.section.value();
    if (!report) return;
    const requests = list(report.requests)
      .filter((one) => filter([one.host, one.target, one.rule, one.endpoint, one.cause, one.id, one.status]));
    // What the reader looks at stays where it is.
    const isRead = [...this.list.children].some((item) => !item.detail.hidden);
    this.still.hidden = !isRead;
    if (isRead) return;
    const shown = requests.slice(0, this.limit);
    this.empty.hidden = requests.length > 0;
    this.more.hidden = requests.length <= FEW;
    setText(this.more, this.limit === FEW ? `Show ${counted(requests.length, "failure")}` : "Show fewer");
    keep(this.list, shown, key, () => this.make(), (item, request) => this.fill(item, request));
  }

  make() {
    const item = el("li", { class: "failure" });
    item.button = el("button", { type: "button", class: "failure-head", "aria-expanded": "false" });
    item.head = el("span", { class: "failure-line" });
    item.where = el("span", { class: "failure-line quiet" });
    item.button.append(item.head, item.where);
    item.detail = el("div", { class: "detail", hidden: true });
    item.append(item.button, item.detail);
    item.button.addEventListener("click", () => this.toggle(item));
    return item;
  }

  fill(item, request) {
    item.request = request;
    const time = date(request.time);
    show(item.head, [request.status, request.cause, request.endpoint, request.host, request.method, request.target, request.time], () => [
      time ? el("time", { datetime: time.toISOString(), class: "quiet figure" }, clock(time)) : null, " ",
      el("span", { class: "bad status" }, request.status ? number(request.status).replace(",", "") : "–"), " ",
      request.cause ? el("strong", null, foreign(request.cause)) : request.endpoint ? "by the endpoint" : "", " ",
      foreign(request.method), " ", foreign(`${request.host ?? ""}${request.target ?? ""}`),
    ]);
    show(item.where, [request.rule, request.endpoint, request.duration_ms], () => {
      const parts = [request.rule ? ["rule ", foreign(request.rule)] : "no rule"];
      if (request.endpoint) parts.push(" → ", foreign(request.endpoint));
      if (typeof request.duration_ms === "number") parts.push(` · ${milliseconds(request.duration_ms)}`);
      return parts.flat();
    });
  }

  async toggle(item) {
    const isOpen = item.detail.hidden;
    item.detail.hidden = !isOpen;
    set(item.button, "aria-expanded", String(isOpen));
    this.update(this.filter);
    if (!isOpen || item.isShown) return;
    const id = item.request.id;
    setText(item.detail, "loading");
    const result = await get(`/requests/${encodeURIComponent(String(id))}`);
    if (result.state === "ok") {
      item.isShown = true;
      item.detail.replaceChildren(...requestView(result.value));
    } else {
      item.detail.replaceChildren(
        el("p", null, result.state === "missing" ? "The tier does not remember it any more." : foreign(result.message ?? "no response", "prose")),
        tree(item.request),
      );
    }
  }
}
