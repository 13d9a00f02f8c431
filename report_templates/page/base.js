"use strict";
// The page's program. Parts in order: base, store, filter, table, curves, run, views, main (scanner/report/page.py).
// Every text reaches the page through text nodes: no part builds markup from strings.

const DATA = JSON.parse(document.getElementById("overview").textContent);
const WORDS = DATA.words;
const COLLATOR = new Intl.Collator("tr", { numeric: true });
const GROUPED = new Intl.NumberFormat(DATA.numbers === "cldr" ? "tr" : "en-US", { maximumFractionDigits: 0 });
const NOTHING = "–";

/** The page's own words. */
const say = (id) => WORDS.page[id];

/** The words for an id of a group; an id without words stands for itself. */
function wordFor(group, id) {
  const found = Object.hasOwn(WORDS[group], id) ? WORDS[group][id] : id;
  return typeof found === "string" ? found : found.title;
}

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** An element with attributes and children; strings become text. */
const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** Capital first letter, as Turkish writes it. */
const sentence = (text) => text.slice(0, 1).toLocaleUpperCase("tr") + text.slice(1);

const localized = (text) => (DATA.numbers === "cldr" ? text.replace(".", ",") : text);

/** A figure for reading: thousands marks, four significant digits. */
function number(value) {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1e3) return Math.abs(value) < 1e15 ? GROUPED.format(value) : value.toExponential(3);
  if (Math.abs(value) < 1e-4) return localized(value.toExponential(3).replace(/\.?0+e/, "e"));
  return localized(String(Number(value.toPrecision(4))));
}

/** A number as code writes it, nothing rounded: 5e-5, 0.01, 16. */
function literal(value) {
  if (value !== 0 && Math.abs(value) < 1e-2) return value.toExponential();
  return String(value);
}

/** Seconds in the two largest units. */
function duration(seconds) {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h) return `${GROUPED.format(h)} ${say("hours")} ${m} ${say("minutes")}`;
  return m ? `${m} ${say("minutes")} ${s} ${say("seconds")}` : `${number(whole ? whole : seconds)} ${say("seconds")}`;
}

/** A share with its interval. */
const share = (found) => `${found[0]} (${say("interval")}: ${found[1]} – ${found[2]})`;

function outcomeMark(outcome) {
  return outcome
    ? el("span", { class: `outcome ${outcome}` }, wordFor("outcome", outcome))
    : el("span", { class: "outcome declared" }, wordFor("kind", "declared"));
}

const runLink = (at, ...children) => el("a", { href: `#/run/${encodeURIComponent(RUNS.id[at])}` }, ...children);

/** The address of the list with some filters. */
const listAddress = (filters) => `#/runs?${new URLSearchParams(filters)}`;

/** A table with a caption; cells of the columns in `numeric` are set to the right. */
function plainTable(caption, heads, rows, numeric = []) {
  const cls = (at) => (numeric.includes(at) ? "number" : null);
  return el("div", { class: "wide" }, el("table", null,
    el("caption", null, caption),
    el("thead", null, el("tr", null, heads.map((head, at) => el("th", { scope: "col", class: cls(at) }, head)))),
    el("tbody", null, rows.map((row) => el("tr", null, row.map((cell, at) => el("td", { class: cls(at) }, cell)))))));
}
