// Keys of the page: single letters, unless the reader types into a field or has turned them off.

import { byId, set } from "./dom.js";

const KEPT = "berth.keys";
const SECTIONS = ["way", "failures", "pools", "certificates", "clients", "dry-run", "rules", "names"];

function isField(node) {
  return node instanceof HTMLInputElement ? node.type !== "checkbox" : node instanceof HTMLTextAreaElement || node instanceof HTMLSelectElement;
}

function go(id) {
  const title = byId(`${id}-title`);
  byId(id).scrollIntoView({ block: "start" });
  title.focus({ preventScroll: true });
}

export class Keys {
  /** @param {{ pause: () => void, refresh: () => void }} actions */
  constructor(actions) {
    this.help = byId("help");
    this.isOn = true;
    this.actions = {
      p: actions.pause,
      r: actions.refresh,
      "/": () => byId("filter").focus(),
      u: () => byId("dry-run-url").focus(),
      "?": () => this.showHelp(),
      0: () => {
        scrollTo({ top: 0 });
        byId("main").focus({ preventScroll: true });
      },
    };
    SECTIONS.forEach((id, index) => {
      this.actions[index + 1] = () => go(id);
    });
    document.addEventListener("keydown", (event) => this.press(event));
    byId("show-help").addEventListener("click", () => this.showHelp());
    byId("close-help").addEventListener("click", () => this.help.close());
    this.choice();
  }

  choice() {
    const box = byId("keys-on");
    try {
      this.isOn = sessionStorage.getItem(KEPT) !== "off";
    } catch {
      // The browser keeps nothing: keys are on.
    }
    box.checked = this.isOn;
    box.addEventListener("change", () => {
      this.isOn = box.checked;
      try {
        sessionStorage.setItem(KEPT, this.isOn ? "on" : "off");
      } catch {
        // It holds as long as the page.
      }
    });
  }

  showHelp() {
    if (!this.help.open) this.help.showModal();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isField(event.target)) {
      if (event.target.type === "search" && event.target.value) {
        event.target.value = "";
        event.target.dispatchEvent(new Event("input"));
      }
      return event.target.blur();
    }
    if (!this.isOn || this.help.open || isField(event.target)) return;
    const action = Object.hasOwn(this.actions, event.key) ? this.actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  }
}

export function pressed(button, isPressed) {
  set(button, "aria-pressed", String(isPressed));
}
