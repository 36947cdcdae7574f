// Tables whose rows stay the same elements while their figures change.

import { el, keep, set, setText, show } from "./dom.js";
import { counted, number } from "./text.js";

/** Rows that are shown at first, unless the table has another number; and at most. */
const FEW = 40;
const MANY = 1000;

/**
 * One column.
 *
 * - `value(row)`: all that the cell shows; also what rows are sorted by, unless there is `order`.
 * - `view(value, row)`: the cell's content: nodes and texts of this page's own.
 * - `number`: its cells are figures.
 *
 * @typedef {{ key: string, label: string, value: (row: any) => any, view?: (value: any, row: any) => any,
 *   order?: (row: any) => any, sorts?: boolean, number?: boolean, name?: boolean }} Column
 */

/** Gives a row its cells. In a narrow column of the page they are lines with the label of their column. */
export function fillRow(row, item, columns) {
  row.cells_ ??= columns.map((column) => {
    const cell = el(column.name ? "th" : "td", {
      class: column.number ? "figure" : null,
      scope: column.name ? "row" : null,
      role: column.name ? "rowheader" : "cell",
      "data-label": column.label,
    });
    row.append(cell);
    return cell;
  });
  columns.forEach((column, index) => {
    const value = column.value(item);
    show(row.cells_[index], value ?? null, () => {
      if (column.view) return [column.view(value, item)];
      return [value === null || value === undefined ? "–" : String(value)];
    });
  });
}

export function headRow(columns, make = (column) => column.label) {
  return el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map((column) =>
    el("th", { scope: "col", role: "columnheader", class: column.number ? "figure" : null }, make(column)))));
}

export function emptyTable(caption, className = "") {
  return el("table", { role: "table", class: className }, el("caption", { class: "unseen" }, caption));
}

/** A table in which the reader chooses the order. */
export class Table {
  /**
   * @param {Element} place
   * @param {{ caption: string, columns: Column[], key: (row: any) => string, empty: string, few?: number,
   *   order?: { key: string, descends: boolean } | null }} options
   *   `order`: null: the rows stay in the tier's order.
   */
  constructor(place, { caption, columns, key, empty, few = FEW, order = null }) {
    this.columns = columns;
    this.key = key;
    this.emptyText = empty;
    this.order = order;
    this.rows = [];
    this.few = few;
    this.limit = few;
    this.heads = new Map();
    this.table = emptyTable(caption);
    this.body = el("tbody", { role: "rowgroup" });
    this.table.append(headRow(columns, (column) => this.head(column)), this.body);
    this.note = el("p", { class: "quiet" });
    this.more = el("button", { type: "button", class: "more", hidden: true });
    this.more.addEventListener("click", () => {
      this.limit = this.limit === this.few ? MANY : this.few;
      this.draw();
    });
    place.replaceChildren(this.table, this.note, this.more);
  }

  head(column) {
    if (column.sorts === false) return column.label;
    const button = el("button", { type: "button", class: "sort" }, column.label);
    button.addEventListener("click", () => {
      this.order = this.next(column);
      this.draw();
    });
    this.heads.set(column.key, button);
    return button;
  }

  /** Figures fall at first, names rise; the third click gives the tier's order back. */
  next(column) {
    const first = Boolean(column.number);
    if (this.order?.key !== column.key) return { key: column.key, descends: first };
    return this.order.descends === first ? { key: column.key, descends: !first } : null;
  }

  /** @param {any[]} rows @param {number | null} total how many there are, where the tier sends some of them. */
  update(rows, total = null) {
    this.rows = rows;
    this.total = total;
    this.draw();
  }

  draw() {
    for (const [key, button] of this.heads) {
      const isChosen = this.order?.key === key;
      set(button.parentElement, "aria-sort", isChosen ? (this.order.descends ? "descending" : "ascending") : "none");
    }
    const rows = this.sorted();
    const shown = rows.slice(0, this.limit);
    keep(this.body, shown, this.key, () => el("tr", { role: "row" }), (row, item) => fillRow(row, item, this.columns));
    this.table.hidden = rows.length === 0;
    const total = this.total ?? rows.length;
    setText(this.note, rows.length === 0 ? this.emptyText
      : total > shown.length ? `${number(shown.length)} of ${number(total)}` : "");
    this.note.hidden = this.note.textContent === "";
    const hasMore = rows.length > this.few;
    this.more.hidden = !hasMore;
    if (hasMore) setText(this.more, this.limit === this.few ? `Show ${counted(Math.min(rows.length, MANY), "row")}` : "Show fewer");
  }

  sorted() {
    const column = this.columns.find((one) => one.key === this.order?.key);
    if (!column) return this.rows;
    const by = column.order ?? column.value;
    const sign = this.order.descends ? -1 : 1;
    const isNothing = (value) => value === null || value === undefined;
    return [...this.rows].sort((left, right) => {
      const [a, b] = [by(left), by(right)];
      // Where nothing is known, at the end.
      if (isNothing(a) || isNothing(b)) return Number(isNothing(a)) - Number(isNothing(b));
      if (typeof a === "number" && typeof b === "number") return sign * (a - b);
      return sign * String(a).localeCompare(String(b), "en", { numeric: true });
    });
  }
}
