// The address decides what is shown: #/ #/runs?... #/run/ID #/run/ID/EVIDENCE #/failures #/charts #/claims

const MAIN = document.getElementById("main");
let shown = { key: null, part: null };

function viewFor(path, query) {
  const [, name, id, entry] = path.split("/");
  if (!name) return { key: path, part: overviewView() };
  if (name === "runs") return { key: null, part: runsView(query) };
  if (name === "failures") return { key: path, part: failuresView() };
  if (name === "charts") return { key: path, part: chartsView() };
  if (name === "claims" && DATA.claims.rows.length) return { key: path, part: claimsView() };
  const at = name === "run" && id ? indexOf(decoded(id)) : undefined;
  if (at !== undefined) return { key: `/run/${id}`, part: runView(at, entry) };
  const lost = el("div", null, el("h1", { tabindex: -1 }, say("not_found")), el("p", null, say("not_found_text")),
    el("p", null, el("a", { href: "#/runs" }, say("runs"))));
  return { key: path, part: { view: lost, title: say("not_found") } };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function route(isFirst) {
  const [path, search = ""] = location.hash.replace(/^#(main$)?/, "").split(/\?(.*)/s);
  const [, name, id, entry] = path.split("/");
  if (shown.key && name === "run" && shown.key === `/run/${id}`) {
    if (shown.part.goTo(entry)) return;
    if (!entry) return focusHead();
  }
  const isReturn = name === "runs" && location.hash === LIST.address;
  shown = viewFor(path || "/", new URLSearchParams(search));
  MAIN.replaceChildren(shown.part.view);
  document.title = `${shown.part.title} – ${say("title")}`;
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.hash.slice(2) === (name || "") || (link.hash === "#/runs" && name === "run");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (shown.part.ready) shown.part.ready(isReturn);
  if (shown.part.wanted && shown.part.goTo(shown.part.wanted)) return;
  if (!isFirst) focusHead();
}

function focusHead() {
  scrollTo(0, 0);
  MAIN.querySelector("h1").focus({ preventScroll: true });
}

const print = (isPrinting) => {
  if (shown.part && shown.part.print) shown.part.print(isPrinting);
  // What is folded on the screen is read on paper; it is folded again afterwards.
  for (const folded_ of MAIN.querySelectorAll(isPrinting ? "details:not([open], .values details)" : "details[data-printed]")) {
    folded_.open = isPrinting;
    folded_.toggleAttribute("data-printed", isPrinting);
  }
};

// The skip link leads to the content as it stands, without an address of its own.
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); MAIN.focus(); });
addEventListener("hashchange", () => route(false));
addEventListener("resize", () => { if (shown.part && shown.part.resized) shown.part.resized(); });
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
route(true);
