// What the list shows and in which order: pure functions of the columns and the address.

const CHOICES = { outcome: "outcome", kind: "kind", failure: "failure", issue: null, family: "family", project: "project" };
const MAX_OPTIONS = 300;

/** Letters without case and marks, so that "ogrenme" and "ÖĞRENME" find "öğrenme". */
const folded = (text) => text.toLowerCase().replace(/ı/g, "i").normalize("NFD").replace(/\p{M}/gu, "");

const searchable = (() => {
  let texts = null;
  const parts = ["project", "model", "framework", "optimizer", "dataset", "gpu_name", "failure"];
  return () => {
    if (texts) return texts;
    const columns = parts.map((name) => RUNS.texts[name]);
    const lists = columns.map((column, at) => column.list.map((text) => folded(
      parts[at] === "failure" && text ? `${text} ${wordFor("failure", text)}` : text)));
    texts = RUNS.id.map((id, at) => [
      folded(`${id} ${RUNS.name[at]} ${RUNS.path[at]}`), ...columns.map((column, c) => lists[c][column.of[at]]),
    ].join("\n"));
    return texts;
  };
})();

/** Rows that fit the address's filters, in the table's order. */
function selected(query) {
  const tests = [];
  for (const [name, column] of Object.entries(CHOICES)) {
    const wanted = query.get(name);
    if (wanted === null || wanted === "") continue;
    if (column === null) {
      const seen = new Set(Object.hasOwn(RUNS.seen, wanted) ? RUNS.seen[wanted] : []);
      tests.push((at) => seen.has(at));
    } else {
      const { of, list } = RUNS.texts[column];
      const code = wanted === NOTHING ? 0 : list.indexOf(wanted);
      tests.push((at) => of[at] === code);
    }
  }
  const words = folded(query.get("q") || "").split(/\s+/).filter(Boolean);
  if (words.length) {
    const texts = searchable();
    tests.push((at) => words.every((word) => texts[at].includes(word)));
  }
  const rows = [];
  for (let at = 0; at < RUNS.n; at++) if (tests.every((test) => test(at))) rows.push(at);
  return rows;
}

/** A column's sort keys: numbers as they are, texts by their place in Turkish order; null sorts last. */
const sortKeys = (() => {
  const known = new Map();
  const ranks = (list) => {
    const order = list.map((_, at) => at).sort((a, b) => COLLATOR.compare(list[a], list[b]) || a - b);
    const rank = [];
    order.forEach((at, place) => { rank[at] = list[at] === "" ? null : place; });
    return rank;
  };
  return (column) => {
    if (known.has(column)) return known.get(column);
    let keys;
    if (column === "name" || column === "day") {
      const distinct = [...new Set(RUNS[column])];
      const rank = ranks(distinct);
      const byText = new Map(distinct.map((text, at) => [text, rank[at]]));
      keys = RUNS[column].map((text) => byText.get(text));
    } else if (column in RUNS.numbers) keys = RUNS.numbers[column];
    else {
      const { of, list } = RUNS.texts[column];
      const shown = column === "failure" || column === "outcome" || column === "kind"
        ? list.map((id) => (id ? wordFor(column, id) : "")) : list;
      const rank = ranks(shown);
      keys = of.map((code) => rank[code]);
    }
    known.set(column, keys);
    return keys;
  };
})();

/** The rows in the order of a column; rows without a value stay last in either direction. */
function sorted(rows, column, isDescending) {
  const keys = sortKeys(column);
  const sign = isDescending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return sign * (x - y) || a - b;
  });
}

/** [value, words, count] for a select; the most frequent where there are too many. */
function options(name) {
  if (CHOICES[name] === null) {
    return Object.entries(RUNS.seen).map(([id, rows]) => [id, wordFor("failure", id), rows.length])
      .sort((a, b) => COLLATOR.compare(a[1], b[1]));
  }
  const { of, list } = RUNS.texts[CHOICES[name]];
  const counts = new Array(list.length).fill(0);
  for (const code of of) counts[code]++;
  const group = ["outcome", "kind", "failure"].includes(name) ? name : null;
  const found = list.map((text, code) => [text || NOTHING, text ? (group ? wordFor(group, text) : text) : say("none_stated"), counts[code]])
    .filter((option) => option[2] && !(option[0] === NOTHING && group));
  if (found.length > MAX_OPTIONS) found.sort((a, b) => b[2] - a[2]).splice(MAX_OPTIONS);
  return found.sort((a, b) => (a[0] === NOTHING) - (b[0] === NOTHING) || COLLATOR.compare(a[1], b[1]));
}
