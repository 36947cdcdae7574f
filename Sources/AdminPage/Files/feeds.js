// What the page shows is fetched again and again, never two requests for the same thing at a time.

import { get, token } from "./api.js";

/** A response that takes long is fetched less often: the tier spends at most an eighth of a core's time on one. */
const PATIENCE = 8;
/** From one attempt to the next where the tier does not offer something, milliseconds. */
const MISSING = 30_000;

/** One path, and what came last. */
class Feed {
  constructor(path, every) {
    this.path = path;
    this.every = every;
    this.dueAt = 0;
    this.isRunning = false;
    /** The `Result` of api.js that came last; null: none has come. */
    this.result = null;
    /** The last JSON, also after an error. */
    this.value = null;
  }

  get isMissing() {
    return this.result?.state === "missing";
  }
}

/** All feeds. `changed` is called after each response, at most once for each frame of the screen. */
export class Feeds {
  constructor(changed) {
    this.changed = changed;
    this.feeds = new Map();
    this.isPaused = false;
    /** Nothing is fetched until a token is given. */
    this.needsToken = false;
    /** When responses stopped, by the clock of this browser, milliseconds; null: the tier responds. */
    this.silentSince = null;
    this.lastResponse = null;
    this.isScheduled = false;
    setInterval(() => this.run(), 250);
    document.addEventListener("visibilitychange", () => this.run());
  }

  /** @param {number} every milliseconds from a response to the next request. */
  add(name, path, every) {
    this.feeds.set(name, new Feed(path, every));
  }

  /** Fetches another path from now on, at once. */
  change(name, path) {
    const feed = this.feeds.get(name);
    if (!feed || feed.path === path) return;
    feed.path = path;
    feed.dueAt = 0;
    this.run();
  }

  value(name) {
    return this.feeds.get(name)?.value ?? null;
  }

  result(name) {
    return this.feeds.get(name)?.result ?? null;
  }

  isMissing(name) {
    return this.feeds.get(name)?.isMissing ?? true;
  }

  /** Fetches everything now. */
  refresh() {
    for (const feed of this.feeds.values()) feed.dueAt = 0;
    this.needsToken = false;
    this.run(true);
  }

  setPaused(isPaused) {
    this.isPaused = isPaused;
    if (!isPaused) this.refresh();
    this.schedule();
  }

  run(once = false) {
    if (this.needsToken || document.hidden || (this.isPaused && !once)) return;
    const now = performance.now();
    for (const feed of this.feeds.values()) {
      if (!feed.isRunning && feed.dueAt <= now) void this.fetch(feed);
    }
  }

  async fetch(feed) {
    feed.isRunning = true;
    const path = feed.path;
    const secret = token.get();
    const start = performance.now();
    const result = await get(path);
    const took = performance.now() - start;
    feed.isRunning = false;
    // The reader has chosen something else meanwhile, or has given another token.
    if (path !== feed.path || (result.state === "token" && secret !== token.get())) return this.run();
    const wait = result.state === "missing" ? MISSING : Math.max(feed.every, PATIENCE * took);
    feed.dueAt = performance.now() + (result.state === "silent" ? 2000 : wait);
    feed.result = result;
    if (result.state === "ok") feed.value = result.value;
    if (result.state === "missing") feed.value = null;
    this.note(result.state);
  }

  note(state) {
    const now = Date.now();
    if (state === "silent") {
      this.silentSince ??= this.lastResponse ?? now;
    } else {
      if (this.silentSince !== null) for (const feed of this.feeds.values()) feed.dueAt = 0;
      this.silentSince = null;
      this.lastResponse = now;
    }
    if (state === "token") this.needsToken = true;
    this.schedule();
  }

  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.changed();
    });
  }
}
