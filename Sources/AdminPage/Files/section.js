// A section of the page that shows what one feed has, or why there is nothing.

import { el, foreign, setText } from "./dom.js";

/** @returns {string | null} a sentence of this page's own, and what the tier says about it; null: there is a value. */
export function absence(feeds, name) {
  const result = feeds.result(name);
  if (!result) return "";
  if (result.state === "missing") return "Not available from this tier.";
  if (result.state === "refused") return "The tier refuses this: ";
  if (feeds.value(name) === null) return result.state === "token" ? "A token is needed." : "No response.";
  return null;
}

export class Section {
  /** @param {Element} place */
  constructor(place, feeds, name) {
    this.feeds = feeds;
    this.name = name;
    this.note = el("p", { class: "quiet", hidden: true });
    this.content = el("div");
    place.replaceChildren(this.note, this.content);
  }

  /** @returns {any | null} the value to show; null: a note is shown in its place. */
  value() {
    const text = absence(this.feeds, this.name);
    const result = this.feeds.result(this.name);
    this.note.hidden = text === null;
    this.content.hidden = text !== null && this.feeds.value(this.name) === null;
    if (text !== null && result?.state === "refused") {
      this.note.replaceChildren(text, foreign(result.message));
    } else {
      setText(this.note, text ?? "");
    }
    return this.feeds.value(this.name);
  }
}
