// A run's page: what became of it and why, its values with their places and what lost against them, curves, evidence.

const COUNTS = new Set(["train_samples", "steps_done", "max_steps", "warmup_steps"]);

function valueNode(field, value) {
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (typeof value === "string") return el("code", null, value);
  if (field === "duration_s") return `${number(value)} (${duration(value)})`;
  return COUNTS.has(field) ? number(value) : el("code", null, literal(value));
}

function copyButton(text) {
  const button = el("button", { type: "button", class: "tiny copy", "aria-label": `${say("copy")}: ${text}` }, say("copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from disk may have no clipboard of that kind.
      const field = el("textarea", { class: "hidden" }, text);
      button.after(field);
      field.select();
      const isCopied = document.execCommand("copy");
      field.remove();
      button.focus({ preventScroll: true });
      if (!isCopied) return;
    }
    button.textContent = say("copied");
    setTimeout(() => { button.textContent = say("copy"); }, 1500);
  });
  return button;
}

function runView(at, wanted) {
  const details = detailsOf(at);
  const address = `#/run/${encodeURIComponent(RUNS.id[at])}`;
  const outcome = textOf("outcome", at);
  const used = new Set();
  const supports = details.places.map(() => new Set());

  /** A link from a statement to its evidence entry further down. */
  const placeLink = (place, what) => {
    used.add(place);
    if (what) supports[place].add(what);
    const full = placeText(details.places[place]);
    return el("a", { href: `${address}/${place}`, class: "place", title: full }, el("code", null, shortPlace(details.places[place])));
  };
  const quoted = (place, what) => el("li", null, placeLink(place, what), el("code", { class: "quote" }, details.places[place].raw || NOTHING));

  const facts = el("dl", { class: "facts" });
  const fact = (word, ...content) => facts.append(el("dt", null, word), el("dd", null, ...content));
  fact(say("outcome"), outcomeMark(outcome), details.failures.length ? ` ${details.failures.map((id) => wordFor("failure", id)).join(", ")}` : null);
  if (outcome) fact(say("decided_by"), sentence(wordFor("rule", details.rule)));
  else fact(say("decided_by"), say("not_run"));
  if (details.because.length) fact(say("because"), el("ul", null, details.because.map((place) => quoted(place, say("outcome_here")))));
  if (details.against.length) fact(say("against"), el("ul", null, details.against.map((place) => quoted(place, say("against")))));
  if (outcome && details.missing.length) fact(say("missing"), details.missing.map((id) => wordFor("missing", id)).join("; "));
  if (details.issues.length) {
    fact(say("issues"), el("ul", null, details.issues.map((issue) => el("li", null,
      `${wordFor("failure", issue.id)} (${wordFor("issue", issue.kind)}): `, placeLink(issue.place, wordFor("failure", issue.id)),
      el("code", { class: "quote" }, details.places[issue.place].raw || NOTHING)))));
  }
  if (details.forecast.length) {
    const [title, ...lines] = details.forecast;
    fact(title, el("ul", null, lines.map((line) => el("li", null, marked(line)))));
  }
  fact(say("project"), el("a", { href: listAddress({ project: textOf("project", at) || NOTHING }) }, textOf("project", at) || NOTHING));
  if (RUNS.day[at]) fact(say("day"), RUNS.day[at]);
  fact(say("run_id"), el("code", null, RUNS.id[at]), " ", copyButton(RUNS.id[at]));

  const valueRow = (value) => {
    const label = wordFor("field", value.field);
    return el("tr", null,
      el("th", { scope: "row" }, label),
      el("td", null, valueNode(value.field, value.value)),
      el("td", null, placeLink(value.place, label)),
      el("td", { class: "small" }, `${wordFor("origin", value.origin)} `, el("span", { class: "soft" }, `(${value.format})`)),
      el("td", { class: "small" }, sentence(wordFor("choice", value.choice)), value.others.length ? el("details", null,
        el("summary", null, `${say("others")}: ${number(value.others.length + value.more)}`),
        el("ul", null, value.others.map((other) => el("li", null, valueNode(value.field, other.value), " – ",
          placeLink(other.place, `${label} (${say("others")})`), ` ${wordFor("origin", other.origin)}`))),
        value.more ? el("p", null, `${say("others_more")}: ${number(value.more)}`) : null) : null));
  };
  const values = details.values.length
    ? el("div", { class: "wide" }, el("table", { class: "values" },
      el("caption", { class: "hidden" }, say("values")),
      el("thead", null, el("tr", null, ["field", "value", "place", "source", "choice"].map((id) => el("th", { scope: "col" }, say(id))))),
      el("tbody", null, details.values.map(valueRow))))
    : el("p", null, say("no_values"));
  const curves = curvesSection(details, placeLink);
  const links = details.links.length ? [
    el("h2", null, say("links")),
    plainTable(say("links"), ["file", "reason", "place"].map(say), details.links.map((link) => [
      el("code", null, link.path), wordFor("link", link.reason), link.place < 0 ? NOTHING : placeLink(link.place, say("link_here"))])),
    details.moreLinks ? el("p", { class: "soft small" }, `${say("more_links")}: ${number(details.moreLinks)}`) : null,
  ] : [];
  if (links.length) links[1].querySelector("caption").className = "hidden";

  const byFile = new Map(details.files.map(({ path }) => [path, []]));
  details.places.forEach((place, number_) => {
    if (!used.has(number_)) return;
    if (!byFile.has(place.path)) byFile.set(place.path, []);
    byFile.get(place.path).push(number_);
  });
  const roles = new Map(details.files.map(({ path, role }) => [path, role]));
  const entry = (at_) => {
    const place = details.places[at_];
    return el("li", { id: `e${at_}`, tabindex: -1 }, el("code", { class: "where", title: placeText(place) }, shortPlace(place)), " ", copyButton(placeText(place)),
      place.raw ? el("code", { class: "quote" }, place.raw) : null,
      supports[at_].size ? el("div", { class: "soft small" }, `${say("supports")}: ${[...supports[at_]].join(", ")}`) : null);
  };
  const files = [...byFile].map(([path, entries]) => el("section", { class: "file", "aria-label": path },
    el("h3", null, el("code", null, path), " ", roles.has(path) ? el("span", { class: "soft small" }, `(${wordFor("role", roles.get(path))})`) : null),
    entries.length
      ? el("ol", null, entries.sort((a, b) => details.places[a].line - details.places[b].line || a - b).map(entry))
      : el("p", { class: "soft small" }, say("file_without_lines"))));

  const rows = LIST.rows || [];
  const here = rows.indexOf(at);
  const steps = el("div", { class: "steps" }, el("a", { href: LIST.address }, say("back")),
    here > 0 ? runLink(rows[here - 1], say("previous")) : null,
    here >= 0 && here + 1 < rows.length ? runLink(rows[here + 1], say("next")) : null);
  const view = el("article", null, steps, el("h1", { tabindex: -1 }, RUNS.name[at]), facts, el("h2", null, say("values")), values, curves, links,
    el("h2", null, say("evidence")), el("p", { class: "soft small" }, say("evidence_note")), files,
    details.moreFiles ? el("p", { class: "soft small" }, `${say("more_files")}: ${number(details.moreFiles)}`) : null);
  return {
    view,
    title: RUNS.name[at],
    /** Goes to an evidence entry of the page as it stands. */
    goTo(number_) {
      view.querySelectorAll(".here").forEach((node) => node.classList.remove("here"));
      const found = number_ ? document.getElementById(`e${number_}`) : null;
      if (!found) return false;
      found.classList.add("here");
      found.scrollIntoView({ block: "center" });
      found.focus({ preventScroll: true });
      return true;
    },
    wanted,
  };
}
