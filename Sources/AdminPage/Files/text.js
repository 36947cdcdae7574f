// Text that others have written: hosts of requests, entries of registries, labels of containers.
// It is shown as text, and what hides or reorders text is shown as its number.

/** Control, format (bidirectional, zero-width), private and unassigned characters, separators, fillers, and all spaces but one. */
const HIDDEN = new RegExp(
  "[\\p{C}\\p{Zl}\\p{Zp}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2800\\u3164\\uffa0\\ufe00-\\ufe0f"
    + "\\u{e0100}-\\u{e01ef}]|(?! )\\p{Zs}",
  "u",
);
const MARK = /\p{M}/u;
/** Marks above one letter; more of them would cover the lines around. */
const MAX_MARKS = 2;
/** The longest text that is shown, characters. */
const MAX_LENGTH = 300;

/** A character as its number, such as `\u{202e}`. */
function escaped(character) {
  return `\\u{${character.codePointAt(0).toString(16)}}`;
}

/**
 * The pieces of a text.
 *
 * @param {unknown} value null and undefined are empty.
 * @returns {{ text: string, hidden: boolean }[]} `hidden`: the text stands for a character that would not be seen.
 */
export function pieces(value, limit = MAX_LENGTH) {
  const text = value === null || value === undefined ? "" : String(value);
  const found = [];
  let plain = "";
  let marks = 0;
  let count = 0;
  const flush = () => {
    if (plain) found.push({ text: plain, hidden: false });
    plain = "";
  };
  for (const character of text) {
    if (count === limit) {
      flush();
      found.push({ text: `… ${number(text.length)} in all`, hidden: true });
      return found;
    }
    count += 1;
    marks = MARK.test(character) ? marks + 1 : 0;
    if (HIDDEN.test(character) || marks > MAX_MARKS) {
      flush();
      found.push({ text: escaped(character), hidden: true });
    } else {
      plain += character;
    }
  }
  flush();
  return found;
}

/** A text for a place that takes no elements, such as a title or a line of the picture. */
export function plain(value, limit = MAX_LENGTH) {
  return pieces(value, limit).map((piece) => piece.text).join("");
}

/** At most so many characters; what is left out is an ellipsis. */
export function shortened(value, length) {
  const characters = [...plain(value)];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, Math.max(1, length - 1)).join("")}…`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** A count; `–` where nothing is known. */
export function number(value) {
  return isNumber(value) ? whole.format(value) : "–";
}

/** Per second. */
export function rate(value) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "0";
  if (value < 0.1) return "<0.1";
  return value < 10 ? tenths.format(value) : whole.format(value);
}

/** Milliseconds. */
export function milliseconds(value) {
  if (!isNumber(value)) return "–";
  if (value >= 10_000) return duration(value / 1000);
  if (value >= 1000) return `${tenths.format(value / 1000)} s`;
  return value < 10 ? `${tenths.format(value)} ms` : `${whole.format(value)} ms`;
}

/** Seconds, in the two largest units. */
export function duration(value) {
  if (!isNumber(value)) return "–";
  const seconds = Math.max(0, value);
  if (seconds < 10 && seconds !== Math.floor(seconds)) return `${tenths.format(seconds)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${whole.format(Math.floor(seconds / 86_400))} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** A part of a whole, such as `12 %`. */
export function percent(part, all) {
  if (!isNumber(part) || !isNumber(all) || all <= 0) return "–";
  const share = (100 * part) / all;
  return share > 0 && share < 0.1 ? "<0.1 %" : `${tenths.format(share)} %`;
}

/** A date of the tier; null where it is not one. */
export function date(value) {
  const parsed = new Date(typeof value === "string" || typeof value === "number" ? value : NaN);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

/** The time of day, where the browser is. */
export function clock(parsed) {
  const two = (value) => String(value).padStart(2, "0");
  return `${two(parsed.getHours())}:${two(parsed.getMinutes())}:${two(parsed.getSeconds())}`;
}

/** The day, such as `2026-11-29`. */
export function day(parsed) {
  return parsed.toISOString().slice(0, 10);
}

/** One word for each number: `1 rule`, `2 rules`. */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
