// The list of all runs: a table that holds only the rows in sight, so that 20,000 scroll as easily as twenty.

const ROW = 34;
const SPARE = 12;
const PRINTED = 1000;

// `isWide` columns come last: a sheet of paper has no room for them.
const COLUMNS = [
  { id: "name", width: 16 },
  { id: "outcome", width: 9.5, cell: (at) => outcomeMark(textOf("outcome", at)) },
  { id: "failure", width: 12, cell: (at) => textOf("failure", at) && wordFor("failure", textOf("failure", at)) },
  { id: "model", width: 12 },
  { id: "optimizer", width: 8 },
  { id: "learning_rate", width: 9.5, number: literal },
  { id: "batch_size", width: 8, number },
  { id: "epochs", width: 11, number },
  { id: "final_train_loss", width: 9.5, number },
  { id: "final_eval_loss", width: 9.5, number },
  { id: "best_metric_value", width: 9, number },
  { id: "best_metric_name", width: 10 },
  { id: "duration_s", width: 10, number: duration, isWide: true },
  { id: "day", width: 7.5, isWide: true },
  { id: "device", width: 6.5, isWide: true },
  { id: "dataset", width: 11, isWide: true },
  { id: "project", width: 12, isWide: true },
];

const headOf = ({ id }) => (["name", "outcome", "failure", "project", "day"].includes(id) ? say(id) : sentence(wordFor("field", id)));

/** What the list showed last: its address and rows, for the way back and for the neighbours of a run. */
const LIST = { address: "#/runs", rows: null, top: 0 };

function cellOf(column, at) {
  if (column.id === "name") return el("th", { scope: "row", title: RUNS.name[at] }, runLink(at, RUNS.name[at]));
  if (column.number) {
    const value = RUNS.numbers[column.id][at];
    return el("td", { class: column.isWide ? "number wide-only" : "number" }, value === null ? NOTHING : column.number(value));
  }
  const text = column.id === "day" ? RUNS.day[at] : column.cell ? "" : textOf(column.id, at);
  return el("td", { title: text || null, class: column.isWide ? "wide-only" : null }, column.cell ? column.cell(at) || NOTHING : text || NOTHING);
}

function filterBar(query, change) {
  const bar = el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() });
  const search = el("input", { type: "search", name: "q", placeholder: say("search_hint"), autocomplete: "off", spellcheck: "false" });
  search.value = query.get("q") || "";
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change("q", search.value), 60);
  });
  bar.append(el("label", { class: "text" }, say("search"), search));
  for (const name of Object.keys(CHOICES)) {
    const found = options(name);
    const wanted = query.get(name) || "";
    if (found.length < 2 && !wanted) continue;
    const select = el("select", { name, onchange: () => change(name, select.value) }, el("option", { value: "" }, say("all")),
      found.map(([value, words, n]) => el("option", { value }, `${words} (${number(n)})`)),
      wanted && !found.some(([value]) => value === wanted) ? el("option", { value: wanted }, wanted) : null);
    select.value = wanted;
    if (found.length >= MAX_OPTIONS) select.title = say("option_cut");
    bar.append(el("label", null, say(name), select));
  }
  bar.append(el("button", { type: "button", onclick: () => change(null, "") }, say("reset")));
  return bar;
}

function runsView(query) {
  const count = el("p", { class: "small", role: "status" });
  const head = el("tr", { "aria-rowindex": 1 });
  const body = el("tbody");
  const table = el("table", { "aria-colcount": COLUMNS.length },
    el("caption", { class: "hidden" }, say("runs")),
    el("colgroup", null, COLUMNS.map((column) => { const col = el("col", { class: column.id }); col.style.setProperty("--width", `${column.width}rem`); return col; })),
    el("thead", null, head), body);
  table.style.setProperty("--width", `${COLUMNS.reduce((sum, column) => sum + column.width, 0)}rem`);
  const list = el("div", { class: "list", tabindex: 0, role: "region", "aria-label": say("runs") }, table);
  const cut = el("p", { class: "small", hidden: true });
  let rows = [];
  let drawn = "";

  const spacer = (height) => {
    const row = el("tr", { class: "spacer", "aria-hidden": "true" }, el("td", { colspan: COLUMNS.length }));
    row.firstChild.style.height = `${height}px`;
    return row;
  };

  function draw(first, last) {
    const key = `${first} ${last}`;
    if (key === drawn) return;
    drawn = key;
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.at : null;
    const made = [];
    if (first) made.push(spacer(first * ROW));
    for (let place = first; place < last; place++) {
      const at = rows[place];
      const row = el("tr", { "aria-rowindex": place + 2, "data-at": at, "data-place": place }, COLUMNS.map((column) => cellOf(column, at)));
      made.push(row);
    }
    if (last < rows.length) made.push(spacer((rows.length - last) * ROW));
    body.replaceChildren(...made);
    if (focused !== null) {
      const again = body.querySelector(`tr[data-at="${focused}"] a`);
      (again || list).focus({ preventScroll: true });
    }
  }

  function drawInSight() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
    draw(Math.min(first, Math.max(rows.length - 1, 0)), Math.min(rows.length, first + Math.ceil((list.clientHeight || 600) / ROW) + 2 * SPARE));
  }

  function show() {
    const column = query.get("sort");
    const isDescending = query.get("dir") === "desc";
    rows = selected(query);
    if (COLUMNS.some(({ id }) => id === column)) rows = sorted(rows, column, isDescending);
    LIST.rows = rows;
    LIST.address = [...query].length ? `#/runs?${query}` : "#/runs";
    count.textContent = rows.length ? `${say("shown")}: ${number(rows.length)} / ${number(RUNS.n)}` : say("none_match");
    table.setAttribute("aria-rowcount", rows.length + 1);
    for (const cell of head.children) {
      const isSorted = cell.dataset.id === column;
      cell.setAttribute("aria-sort", isSorted ? (isDescending ? "descending" : "ascending") : "none");
    }
    drawn = "";
    drawInSight();
  }

  function change(name, value) {
    if (name === null) for (const known of ["q", ...Object.keys(CHOICES)]) query.delete(known);
    else if (value) query.set(name, value);
    else query.delete(name);
    if (name === null) {
      const fresh = filterBar(query, change);
      view.querySelector(".filters").replaceWith(fresh);
      fresh.querySelector("input").focus();
    }
    list.scrollTop = 0;
    show();
    history.replaceState(null, "", LIST.address);
  }

  function sortBy(id) {
    const isSorted = query.get("sort") === id;
    const wasDescending = query.get("dir") === "desc";
    query.delete("dir");
    if (isSorted && wasDescending) query.delete("sort");
    else if (isSorted) query.set("dir", "desc");
    else query.set("sort", id);
    change("", "");
  }

  function move(event) {
    const row = event.target.closest("tr[data-place]");
    const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 2);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in moves) || !rows.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const from = row ? Number(row.dataset.place) : event.key === "ArrowDown" ? Math.floor(list.scrollTop / ROW) - 1 : Math.floor(list.scrollTop / ROW);
    const to = Math.min(Math.max(from + moves[event.key], 0), rows.length - 1);
    const headHeight = head.offsetHeight;
    if (to * ROW < list.scrollTop) list.scrollTop = to * ROW;
    else if ((to + 1) * ROW + headHeight > list.scrollTop + list.clientHeight) list.scrollTop = (to + 1) * ROW + headHeight + 2 - list.clientHeight;
    drawInSight();
    body.querySelector(`tr[data-place="${to}"] a`).focus({ preventScroll: true });
  }

  for (const column of COLUMNS) {
    head.append(el("th", { scope: "col", "data-id": column.id, class: `${column.number ? "number" : ""} ${column.isWide ? "wide-only" : ""}`, title: headOf(column) },
      el("button", { type: "button", onclick: () => sortBy(column.id) }, headOf(column))));
  }
  let isWaiting = false;
  list.addEventListener("scroll", () => {
    LIST.top = list.scrollTop;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; drawInSight(); });
  });
  list.addEventListener("keydown", (event) => { if (!event.target.closest("thead")) move(event); });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-at]");
    if (row && !event.target.closest("a") && !String(getSelection())) location.hash = row.querySelector("a").hash;
  });

  const view = el("div", null,
    el("h1", { tabindex: -1 }, say("runs")), filterBar(query, change), count, list, cut,
    el("p", { class: "soft small screen" }, say("table_hint")));
  return {
    view,
    title: say("runs"),
    ready(isReturn) {
      const top = isReturn ? LIST.top : 0;
      show();
      list.scrollTop = top;
      drawInSight();
    },
    resized: () => { drawn = ""; drawInSight(); },
    print(isPrinting) {
      cut.hidden = !(isPrinting && rows.length > PRINTED);
      cut.textContent = `${say("print_cut")}: ${number(PRINTED)} / ${number(rows.length)}`;
      if (!isPrinting) return drawInSight();
      draw(0, Math.min(rows.length, PRINTED));
      body.querySelectorAll(".spacer").forEach((row) => row.remove());
      drawn = "";
    },
  };
}
