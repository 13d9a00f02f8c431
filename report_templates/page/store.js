// The runs: columns for the list, details a part at a time.

const RUNS = DATA.columns;
const PARTS = new Map();

/** Text of a run in a text column; "" where nothing is stated. */
const textOf = (column, at) => RUNS.texts[column].list[RUNS.texts[column].of[at]];

const indexOf = (() => {
  let index = null;
  return (id) => {
    index = index || new Map(RUNS.id.map((known, at) => [known, at]));
    return index.get(id);
  };
})();

/** A run's details, with its texts in place of their numbers. */
function detailsOf(at) {
  const part = Math.floor(at / DATA.part);
  if (!PARTS.has(part)) PARTS.set(part, JSON.parse(document.getElementById(`runs-${part}`).textContent));
  const { texts, runs } = PARTS.get(part);
  const run = runs[at % DATA.part];
  const how = (code) => {
    const [origin, format, choice] = texts[code].split("|");
    return { origin, format, choice };
  };
  const other = ([value, place, code]) => ({ value, place, ...how(code) });
  return {
    rule: run.rule,
    because: run.because || [],
    against: run.against || [],
    missing: run.missing || [],
    failures: run.failures || [],
    forecast: run.forecast || [],
    issues: (run.issues || []).map(([id, kind, place]) => ({ id, kind, place })),
    values: (run.values || []).map(([field, value, place, code, others = [], more = 0]) => (
      { field: texts[field], value, place, ...how(code), others: others.map(other), more })),
    curves: run.curves || [],
    moreCurves: run.more_curves || 0,
    files: (run.files || []).map(([path, role]) => ({ path: texts[path], role })),
    moreFiles: run.more_files || 0,
    links: (run.links || []).map(([path, reason, place]) => ({ path: texts[path], reason, place })),
    moreLinks: run.more_links || 0,
    places: run.places.map(([path, line, pointer, raw]) => (
      { path: texts[path], line, pointer: texts[pointer], raw: texts[raw] })),
  };
}

/** The same without its folders, where the whole stands elsewhere. */
const shortPlace = (place) => placeText({ ...place, path: place.path.split("/").pop() });

/** `path:line (pointer)`, as the other commands print it. */
function placeText({ path, line, pointer }) {
  return (line ? `${path}:${line}` : path) + (pointer ? ` (${pointer})` : "");
}
