// Curves as inline SVG, from points written as characters (scanner/report/page_curves.py).

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LEVELS = 4095;
const BOX = { width: 600, height: 250, left: 72, right: 14, top: 12, bottom: 44 };

/** [x, y] of each point in the curve's own numbers; y is null in a gap. */
function pointsOf(curve) {
  const read = (at) => (DIGITS.indexOf(curve.points[at]) * 64 + DIGITS.indexOf(curve.points[at + 1])) / LEVELS;
  const [x0, x1] = curve.x;
  const [y0, y1] = curve.log ? curve.y.map(Math.log) : curve.y;
  const points = [];
  for (let at = 0; at < curve.points.length; at += 4) {
    const y = y0 + read(at + 2) * (y1 - y0);
    points.push([x0 + read(at) * (x1 - x0), curve.points[at + 2] === "!" ? null : curve.log ? Math.exp(y) : y]);
  }
  return points;
}

/** About `n` round numbers between two ends. */
function ticks(low, high, n) {
  if (!(high > low)) return [low];
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((found) => found >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function logTicks(low, high) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const found = [];
  for (let power = first; power <= last; power += every) found.push(10 ** power);
  return found.length > 1 ? found : [low, high];
}

const seriesName = (metric) => (WORDS.page[`series_${metric}`] || (Object.hasOwn(WORDS.field, metric) ? wordFor("field", metric) : metric));

const axisNumber = (value) => (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)
  ? localized(value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e")) : number(value));

/** One drawing of curves that share their axes. */
function drawing(curves) {
  const isLog = curves.some((curve) => curve.log) && curves.every((curve) => curve.y[0] > 0);
  const scale = isLog ? Math.log : (y) => y;
  const [x0, x1] = [Math.min(...curves.map((c) => c.x[0])), Math.max(...curves.map((c) => c.x[1]))];
  let [y0, y1] = [Math.min(...curves.map((c) => c.y[0])), Math.max(...curves.map((c) => c.y[1]))];
  if (y0 === y1) [y0, y1] = isLog ? [y0 / 2, y1 * 2] : [y0 - (Math.abs(y0) || 1) / 2, y1 + (Math.abs(y1) || 1) / 2];
  const right = BOX.width - BOX.right;
  const bottom = BOX.height - BOX.bottom;
  const px = (x) => (x1 > x0 ? BOX.left + ((x - x0) / (x1 - x0)) * (right - BOX.left) : (BOX.left + right) / 2);
  const py = (y) => bottom - ((scale(y) - scale(y0)) / (scale(y1) - scale(y0))) * (bottom - BOX.top);
  const unit = curves[0].unit ? say(curves[0].unit) : say("order");
  const parts = [];
  for (const y of isLog ? logTicks(y0, y1) : ticks(y0, y1, 5)) {
    parts.push(svg("path", { class: "axis", d: `M${BOX.left} ${py(y).toFixed(1)}H${right}` }));
    parts.push(svg("text", { x: BOX.left - 6, y: py(y) + 4, "text-anchor": "end" }, axisNumber(y)));
  }
  for (const x of ticks(x0, x1, 5)) parts.push(svg("text", { x: px(x), y: bottom + 18, "text-anchor": "middle" }, axisNumber(x)));
  parts.push(svg("path", { class: "axis", d: `M${BOX.left} ${bottom}H${right}` }));
  parts.push(svg("text", { x: (BOX.left + right) / 2, y: BOX.height - 4, "text-anchor": "middle" }, unit));
  curves.forEach((curve, at) => {
    let path = "";
    let before = null;
    let isAlone = false;
    const points = pointsOf(curve);
    points.forEach(([x, y], k) => {
      if (y === null) {
        parts.push(svg("path", { class: "gap", d: `M${(px(x) - 4).toFixed(1)} ${bottom - 4}l8 8m0 -8l-8 8` }));
        before = null;
        return;
      }
      isAlone = before === null && (k + 1 === points.length || points[k + 1][1] === null);
      // Where the count starts again, so does the line.
      path += `${before === null || x < before ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}${isAlone ? "h1" : ""}`;
      before = x;
    });
    parts.push(svg("path", { class: `line c${at}`, d: path }));
  });
  const names = curves.map((curve) => seriesName(curve.metric));
  const label = curves.map((c, at) => `${names[at]}: ${number(c.values[0])} → ${number(c.values[1])}`).join("; ");
  return el("figure", null,
    el("ul", { class: "legend" }, names.map((name, at) => el("li", null,
      svg("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, svg("line", { class: `c${at}`, x1: 0, x2: 28, y1: 5, y2: 5 })), name)),
      isLog ? el("li", { class: "soft" }, `(${say("log_scale")})`) : null),
    svg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": label }, parts));
}

/** Losses that count by the same unit together, every other curve alone. */
function curveGroups(curves) {
  const groups = new Map();
  for (const curve of curves) {
    if (!curve.points) continue;
    const key = /(^|_)loss$/.test(curve.metric) ? `loss ${curve.unit}` : `${curve.metric} ${curve.unit}`;
    groups.set(key, [...(groups.get(key) || []), curve]);
  }
  return [...groups.values()];
}

/** Drawings and the same in numbers. */
function curvesSection(details, placeLink) {
  if (!details.curves.length) return [];
  const rows = details.curves.map((curve) => [
    seriesName(curve.metric),
    number(curve.n) + (curve.gaps ? ` (${say("gaps")}: ${number(curve.gaps)})` : ""),
    [curve.values ? number(curve.values[0]) : NOTHING, " ", placeLink(curve.ends[0], `${seriesName(curve.metric)} (${say("first")})`)],
    [curve.values ? number(curve.values[1]) : NOTHING, " ", placeLink(curve.ends[1], `${seriesName(curve.metric)} (${say("last")})`)],
    curve.y ? number(curve.y[0]) : NOTHING,
    curve.y ? number(curve.y[1]) : NOTHING,
  ]);
  const heads = ["curve", "points", "first", "last", "lowest", "highest"].map(say);
  return [
    el("h2", null, say("curves")),
    el("div", { class: "drawings" }, curveGroups(details.curves).map(drawing)),
    plainTable(say("curve_table"), heads, rows, [1, 4, 5]),
    details.moreCurves > 0 ? el("p", { class: "soft small" }, `${say("more_curves")}: ${number(details.moreCurves)}`) : null,
  ];
}
