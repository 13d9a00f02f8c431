// Overview, failures, charts.

const PARTS_OF_BAR = ["success", "failed", "unknown"];

const legendOf = (parts) => parts.map((name) => [el("span", { class: "part" },
  el("span", { class: `key fill-${name}`, "aria-hidden": "true" }), sentence(wordFor("outcome", name))), " "]);

/** Bars as a table: read as numbers where they cannot be seen. `rows` are [label, {part: length}, address]. */
function barTable(title, unit, rows, parts) {
  const sum = (lengths) => parts.reduce((total, name) => total + lengths[name], 0);
  const widest = Math.max(1, ...rows.map(([, lengths]) => sum(lengths)));
  const bar = ([label, lengths, address]) => {
    const spoken = parts.map((name) => `${wordFor("outcome", name)}: ${number(lengths[name])}`).join(", ");
    const stack = el("div", { class: "stack", "aria-hidden": "true" }, parts.map((name) => {
      if (!lengths[name]) return null;
      const portion = el("span", { class: `fill-${name}`, title: `${wordFor("outcome", name)}: ${number(lengths[name])}` },
        lengths[name] / widest > 0.02 + 0.02 * number(lengths[name]).length ? number(lengths[name]) : "");
      portion.style.width = `${(100 * lengths[name]) / widest}%`;
      return portion;
    }));
    return el("tr", null, el("th", { scope: "row" }, address ? el("a", { href: address }, label) : label),
      el("td", null, stack, el("span", { class: "hidden" }, spoken)), el("td", { class: "number" }, number(sum(lengths))));
  };
  return el("table", { class: "bars" },
    el("caption", null, title, " ", el("span", { class: "soft small" }, `– ${unit}`)),
    el("thead", null, el("tr", null, el("th", { scope: "col" }, el("span", { class: "hidden" }, title)),
      el("th", { scope: "col", class: "small" }, legendOf(parts)), el("th", { scope: "col", class: "number small" }, say("total")))),
    el("tbody", null, rows.map(bar)));
}

function overviewView() {
  const { runs, files } = DATA.totals;
  const card = (words, value, note, address) => el("li", null, address ? el("a", { href: address }, words) : words,
    el("strong", null, number(value)), note ? el("span", { class: "soft small" }, note) : null);
  const cards = el("ul", { class: "cards" });
  if (runs) {
    const withShare = (found) => (Array.isArray(found) ? share(found) : null);
    cards.append(card(say("executed"), runs.executed, null, listAddress({ kind: "executed" })));
    for (const [name, note] of [["success", withShare(runs.success_share)], ["failed", withShare(runs.failed_share)], ["unknown", null]]) {
      const item = card(sentence(wordFor("outcome", name)), runs[name], note, listAddress({ outcome: name }));
      item.querySelector("strong").className = name;
      cards.append(item);
    }
    cards.append(card(say("declared"), runs.declared, null, listAddress({ kind: "declared" })));
    cards.append(card(say("projects"), runs.projects));
  }
  if (files) cards.append(card(say("files_met"), files.met, `${say("files_read")}: ${number(files.read)}, ${say("files_skipped")}: ${number(files.skipped)}`));
  const hasRun = runs && runs.executed > 0;
  const failed = DATA.failures.filter((failure) => failure.decided).slice(0, 8);
  const models = DATA.models.filter((row) => row[1]).map(([label, , success, bad, unknown]) => (
    [label, { success, failed: bad, unknown }, listAddress({ family: label, kind: "executed" })]));
  const counted = (rows, group) => rows.map(([id, n]) => [sentence(wordFor(group, id)), number(n)]);
  const view = el("div", null, el("h1", { tabindex: -1 }, say("title")),
    DATA.roots.length ? el("p", { class: "soft" }, `${say("scanned")}: `, DATA.roots.map((root, at) => [at ? ", " : "", el("code", null, root)])) : null,
    cards,
    el("p", { class: "soft small" }, hasRun ? say("unknown_note") : say("nothing")),
    models.length ? barTable(say("by_model"), say("n_runs"), models, PARTS_OF_BAR) : null,
    el("div", { class: "columns" },
      failed.length ? plainTable(say("by_failure"), [say("cause"), say("n_runs")], failed.map((failure) => (
        [el("a", { href: listAddress({ failure: failure.id }) }, wordFor("failure", failure.id)), number(failure.decided)])), [1]) : null,
      DATA.rules.length ? plainTable(say("by_rule"), [say("rule"), say("n_runs")], counted(DATA.rules, "rule"), [1]) : null,
      DATA.missing.length ? plainTable(say("by_missing"), [say("missing"), say("n_runs")], counted(DATA.missing, "missing"), [1]) : null,
      DATA.skips.length ? plainTable(say("by_skip"), [say("cause"), say("n_files"), say("n_folders"), say("n_parts")],
        DATA.skips.map(([id, ...counts]) => [sentence(wordFor("skip", id)), ...counts.map(number)]), [1, 2, 3]) : null));
  return { view, title: say("overview") };
}

function failuresView() {
  const block = (failure) => {
    const words = Object.hasOwn(WORDS.failure, failure.id) ? WORDS.failure[failure.id] : null;
    return el("section", { class: "failure" },
      el("h2", null, wordFor("failure", failure.id)),
      words ? el("p", null, words.explanation) : null,
      el("ul", null,
        failure.decided ? el("li", null, `${say("decided_runs")}: `, el("a", { href: listAddress({ failure: failure.id }) }, number(failure.decided))) : null,
        failure.seen ? el("li", null, `${say("seen_runs")}: `, el("a", { href: listAddress({ issue: failure.id }) }, number(failure.seen))) : null),
      failure.quotes.length ? [el("h3", null, say("examples")), el("ul", null, failure.quotes.map(([at, place, raw]) => el("li", null,
        runLink(at, RUNS.name[at]), " ", el("code", { class: "soft" }, place), el("code", { class: "quote" }, raw))))] : null,
      words ? el("details", null, el("summary", null, say("advice")), el("ol", null, words.advice.map((line) => el("li", null, marked(line))))) : null);
  };
  return {
    view: el("div", null, el("h1", { tabindex: -1 }, say("failures")),
      DATA.failures.length ? DATA.failures.map(block) : el("p", null, say(RUNS.n ? "no_failures" : "nothing"))),
    title: say("failures"),
  };
}

/** Our own advice marks names with backticks. */
const marked = (line) => line.split("`").map((part, at) => (at % 2 ? el("code", null, part) : part));

/** What a replay says of documented claims; the words come ready, as predictions must not look like measurements. */
function claimsView() {
  const { title, note, heads, rows } = DATA.claims;
  const cells = ([id, written, ...rest]) => [id, el("code", null, written), ...rest.map((text) => (text ? el("span", null, marked(text)) : NOTHING))];
  const table = plainTable(title, heads, rows.map(cells));
  table.querySelector("caption").className = "hidden";
  return { view: el("div", null, el("h1", { tabindex: -1 }, title), el("p", { class: "soft" }, note), table), title };
}

const MONTHS = 24;

function monthRows() {
  const months = new Map();
  for (let at = 0; at < RUNS.n; at++) {
    const outcome = textOf("outcome", at);
    if (!RUNS.day[at] || !outcome) continue;
    const month = RUNS.day[at].slice(0, 7);
    if (!months.has(month)) months.set(month, { success: 0, failed: 0, unknown: 0 });
    months.get(month)[outcome]++;
  }
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-MONTHS);
}

function chartsView() {
  const tables = DATA.charts.map((chart) => {
    const parts = Object.keys(chart.parts);
    return barTable(chart.title, chart.unit, chart.labels.map((label, row) => (
      [label, Object.fromEntries(parts.map((name) => [name, chart.parts[name][row]]))])), parts);
  });
  const months = monthRows();
  if (months.length > 1) {
    tables.push(barTable(say("per_month"), say("n_runs"), months, PARTS_OF_BAR), el("p", { class: "soft small" }, say("month_note")));
  }
  return {
    view: el("div", null, el("h1", { tabindex: -1 }, say("charts")), tables.length ? tables : el("p", null, say("no_charts"))),
    title: say("charts"),
  };
}
