"use strict";
// The page reads the same lists as any back office. Names come from people: they enter the page as text alone.

const PAGE_ROWS = 100;
// A filter by text reads at most this many pages of 500 rows; beyond, a location narrows it.
const SEARCH_PAGES = 20, SEARCH_ROWS = 500, SHOWN_MATCHES = 500;
const REFRESH_MS = 2000, HIDDEN_MS = 15000, SEARCH_MS = 15000, LOCATIONS_MS = 60000;
const VIRTUAL = ["", "supplier", "customer", "loss", "scrap", "in transit", "production"];
const KINDS = {
  oversold: "Oversold", overflow: "Out of range", count_overlap: "Count overlap", count_conflict: "Count conflict",
  count_open: "Count open", missing_ops: "Missing operations", backdated: "Backdated", duplicate_identifier: "Same code twice",
  duplicate_sku: "Same SKU twice", duplicate_serial: "Same serial twice", unknown_identifier: "Unknown code",
  record_waits: "Edit waits for another", record_refused: "Edit could not be applied",
};

const $ = (id) => document.getElementById(id);
let credential = sessionStorage.getItem("credential");
let timer = 0, generation = 0, lastAnswer = 0, locationsRead = 0;
// Which part of the stock is shown. `starts` holds the `after` of each page up to the shown one.
let view = { location: "", words: [], starts: [null] };
let shown = { key: "", rows: new Map() };

function node(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}
function cell(className, ...children) {
  const element = node("td", undefined, className);
  element.append(...children);
  return element;
}
const quantity = (thousandths) => (thousandths / 1000).toLocaleString(undefined, { maximumFractionDigits: 3 });
const number = (value) => value.toLocaleString();
const isVirtual = (id) => /^0{8}-0{4}-0{4}-0{4}-0{10}/.test(id);
const virtualName = (id) => VIRTUAL[parseInt(id.slice(-2), 16)] || "virtual location";
const lotText = (lot) => (lot || "").slice(3);

// An id stands only where no record has a name for it.
function idNode(id) {
  const element = node("code", id.slice(0, 4) + "…" + id.slice(-4));
  element.title = id;
  return element;
}
function locationNode(id, name, code) {
  if (isVirtual(id)) return node("span", virtualName(id), "virtual");
  if (!name) return idNode(id);
  const element = node("span", name);
  element.title = code ? code + " · " + id : id;
  return element;
}
const itemName = (row) => [row.product_name, row.variant_name].filter(Boolean).join(", ");
const itemNode = (row) => itemName(row) ? node("span", itemName(row)) : idNode(row.variant);

function ago(ms) {
  if (!ms) return "never";
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return seconds + " s ago";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
  if (seconds < 86400) return Math.floor(seconds / 3600) + " h ago";
  return Math.floor(seconds / 86400) + " d ago";
}

async function read(path) {
  const response = await fetch("/api/v1/" + path, { headers: { authorization: "Bearer " + credential } });
  const body = await response.json();
  if (!body.success) throw Object.assign(new Error(body.error.message), { code: body.error.code });
  return { rows: body.data, next: body.meta.next };
}

function fill(id, rows) {
  $(id).replaceChildren(...rows);
  $("no-" + id).hidden = rows.length > 0;
}

// --- stock

function stockPath(limit, after) {
  const part = view.location === "virtual" ? "virtual=true" : view.location ? "location=" + view.location : "virtual=false";
  return "balances?limit=" + limit + "&" + part + (after ? "&after=" + encodeURIComponent(after) : "");
}
const searchText = (row) =>
  [itemName(row), row.sku, row.location_name, row.location_code, row.virtual, lotText(row.lot)].join(" ").toLowerCase();

async function readStock() {
  const mine = generation;
  if (!view.words.length) {
    const page = await read(stockPath(PAGE_ROWS, view.starts.at(-1)));
    return { ...page, first: (view.starts.length - 1) * PAGE_ROWS };
  }
  const found = [];
  let after = null, searched = 0, page = { rows: [], next: null };
  for (let n = 0; n < SEARCH_PAGES && mine === generation; n++) {
    page = await read(stockPath(SEARCH_ROWS, after));
    searched += page.rows.length;
    found.push(...page.rows.filter((row) => view.words.every((word) => searchText(row).includes(word))));
    after = page.next;
    if (!after) break;
    if (mine === generation) $("stock-note").textContent = "searching, " + number(searched) + " rows so far";
  }
  return { rows: found.slice(0, SHOWN_MATCHES), next: null, first: 0, matches: found.length, searched, partly: Boolean(page.next) };
}

function stockRow(row, today, soon) {
  const element = node("tr");
  Object.assign(element.dataset, { variant: row.variant, location: row.location, lot: row.lot, onHand: row.on_hand });
  const item = cell("", itemNode(row)), tags = node("span");
  if (row.sku) item.append(node("span", row.sku, "sub"));
  if (row.count_open) tags.append(node("span", "counting", "tag"));
  if (row.count_overlap) tags.append(node("span", "look again", "tag bad"));
  if (row.count_conflict) tags.append(node("span", "counts differ", "tag bad"));
  if (row.overflow) tags.append(node("span", "out of range", "tag bad"));
  const narrow = node("span", undefined, "sub narrow");
  narrow.append(locationNode(row.location, row.location_name, row.location_code), lotText(row.lot) ? " · " + lotText(row.lot) : "");
  item.append(narrow, tags);
  const where = cell("wide", locationNode(row.location, row.location_name, row.location_code));
  if (row.location_code) where.append(node("span", row.location_code, "sub"));
  const lot = cell("wide", node("span", lotText(row.lot) || "–"));
  if (row.expiry) {
    const due = row.expiry < today ? " past" : row.expiry < soon ? " soon" : "";
    lot.append(node("span", row.expiry, "sub nowrap" + due));
  }
  const count = node("td", quantity(row.on_hand), row.on_hand < 0 ? "n negative" : row.on_hand ? "n" : "n zero");
  if (row.unit) count.append(node("span", " " + row.unit, "unit"));
  element.append(item, where, lot, count);
  return element;
}

function showStock(page) {
  const key = JSON.stringify([view, page.rows, page.next, page.matches]);
  if (key === shown.key) return;
  const day = (ms) => new Date(ms).toISOString().slice(0, 10);
  const today = day(Date.now()), soon = day(Date.now() + 30 * 86400e3);
  // Rows come by location; within one, people look for names.
  const order = new Map();
  for (const row of page.rows) if (!order.has(row.location)) order.set(row.location, order.size);
  const rows = [...page.rows].sort((a, b) =>
    order.get(a.location) - order.get(b.location) || itemName(a).localeCompare(itemName(b), undefined, { numeric: true }) || a.lot.localeCompare(b.lot));
  const before = shown.rows, now = new Map();
  fill("stock", rows.map((row) => {
    const id = [row.location, row.variant, row.lot].join(" "), element = stockRow(row, today, soon);
    if (before.has(id) && before.get(id) !== row.on_hand) element.className = "flash";
    now.set(id, row.on_hand);
    return element;
  }));
  shown = { key, rows: now };
  const last = page.first + rows.length, searching = view.words.length > 0;
  $("no-stock").textContent = searching ? "Nothing in stock matches the filter."
    : view.location ? "No stock at this location." : "No stock yet. Scan something on an enrolled device.";
  $("stock-note").textContent = searching
    ? number(page.matches) + (page.matches === 1 ? " match" : " matches") + (page.partly ? " in the first " + number(page.searched) + " rows; choose a location to search all of it" : "")
    : "";
  $("page-range").textContent = searching
    ? (page.matches > rows.length ? "the first " + number(rows.length) + " matches" : "")
    : rows.length ? number(page.first + 1) + "–" + number(last) + (page.next ? " of more" : " of " + number(last)) : "";
  $("page-previous").disabled = searching || view.starts.length < 2;
  $("page-next").disabled = !page.next;
  $("page-next").dataset.after = page.next || "";
  $("stock-section").setAttribute("aria-busy", "false");
  if (!view.location && !searching) $("count-cells").textContent = number(last) + (page.next ? "+" : "");
}

function showLoading() {
  const skeleton = () => {
    const row = node("tr", undefined, "skeleton");
    row.append(node("td"), node("td", undefined, "wide"), node("td", undefined, "wide"), node("td"));
    return row;
  };
  $("stock").replaceChildren(...Array.from({ length: 8 }, skeleton));
  $("no-stock").hidden = true;
  $("page-range").textContent = "";
  $("page-previous").disabled = $("page-next").disabled = true;
  $("stock-section").setAttribute("aria-busy", "true");
  shown = { key: "", rows: new Map() };
}

// Shows another part of the stock: what is on the way for the one before is dropped.
function changeView(change) {
  view = { ...view, ...change };
  generation++;
  showLoading();
  refresh();
}

async function readLocations() {
  if (Date.now() - locationsRead < LOCATIONS_MS) return;
  locationsRead = Date.now();
  const all = [];
  let next = null;
  for (let n = 0; n < 10; n++) {
    const page = await read("locations?limit=500" + (next ? "&after=" + encodeURIComponent(next) : ""));
    all.push(...page.rows);
    next = page.next;
    if (!next) break;
  }
  const label = (row) => row.name ? (row.code && row.code !== row.name ? row.name + " (" + row.code + ")" : row.name) : row.code || row.id;
  all.sort((a, b) => label(a).localeCompare(label(b), undefined, { numeric: true }));
  const option = (value, text) => { const element = node("option", text); element.value = value; return element; };
  const real = node("optgroup"), other = node("optgroup");
  real.label = "Locations"; other.label = "Virtual locations";
  real.append(...all.map((row) => option(row.id, label(row))));
  other.append(option("virtual", "All but loss"), ...VIRTUAL.slice(1).map((name, n) => option("00000000-0000-0000-0000-" + String(n + 1).padStart(12, "0"), name)));
  $("location").replaceChildren(option("", "All real locations"), ...(all.length ? [real] : []), other);
  $("location").value = view.location;
}

// --- the lists beside it

function showExceptions({ rows, next }) {
  fill("exceptions", rows.map((row) => {
    const element = node("tr"), subject = node("div");
    Object.assign(element.dataset, { exception: row.id, kind: row.kind });
    if (row.variant) {
      const where = node("span", undefined, "sub");
      where.append(locationNode(row.location, row.location_name, row.location_code), lotText(row.lot) ? " · " + lotText(row.lot) : "");
      subject.append(itemNode(row), where);
    } else {
      subject.append(node("span", (row.collection || "") + " "), node("code", row.subject));
    }
    element.append(cell("", node("span", KINDS[row.kind] || row.kind, "tag bad"), subject), node("td", ago(row.opened_ms)));
    return element;
  }));
  $("count-exceptions").textContent = number(rows.length) + (next ? "+" : "");
  $("count-exceptions").parentElement.classList.toggle("attention", rows.length > 0);
}

function showDevices({ rows, next }) {
  fill("devices", rows.map((row) => {
    const element = node("tr");
    element.dataset.device = row.device;
    const state = row.revoked_ms ? ["revoked", "tag bad"] : row.behind ? [number(row.behind) + " behind", "tag"] : ["up to date", "tag ok"];
    element.append(cell("", node("div", row.name), node("span", "seen " + ago(row.seen_ms), "sub")), cell("", node("span", ...state)));
    return element;
  }));
  const more = next ? "+" : "";
  $("count-devices").textContent = number(rows.length) + more;
  $("count-behind").textContent = number(rows.filter((row) => row.behind && !row.revoked_ms).length) + more;
}

function showMovements({ rows }) {
  fill("movements", rows.map((row) => {
    const element = node("tr"), way = node("span", undefined, "sub"), what = node("div");
    element.dataset.position = row.position;
    what.append(itemNode(row.lines[0]));
    if (row.lines.length > 1) what.append(node("span", " and " + (row.lines.length - 1) + " more"));
    way.append(locationNode(row.from, row.from_name), " → ", locationNode(row.to, row.to_name), " · " + [row.reason, ago(row.ended)].filter(Boolean).join(" · "));
    const left = cell("", what, way);
    if (!row.live) left.append(node("span", "voided", "tag"));
    const sum = node("td", quantity(row.lines.reduce((total, line) => total + line.quantity, 0)), "n");
    if (row.lines[0].unit && row.lines.every((line) => line.unit === row.lines[0].unit)) sum.append(node("span", " " + row.lines[0].unit, "unit"));
    element.append(left, sum);
    return element;
  }));
}

// --- the loop

function setState(state, text) {
  document.body.dataset.state = state;
  $("state").textContent = text;
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++generation;
  try {
    const [stock, exceptions, devices, movements] = await Promise.all([
      readStock(), read("exceptions?limit=100"), read("devices?limit=500"), read("movements?limit=20"), readLocations(),
    ]);
    if (mine !== generation || !credential) return;
    $("sign-in").hidden = true;
    $("live").hidden = $("sign-out").hidden = false;
    showStock(stock); showExceptions(exceptions); showDevices(devices); showMovements(movements);
    lastAnswer = Date.now();
    $("banner").hidden = true;
    setState("live", "live");
    sessionStorage.setItem("credential", credential);
  } catch (error) {
    if (mine !== generation) return;
    if (["unauthenticated", "device_revoked", "forbidden"].includes(error.code)) return signOut(error.message);
    locationsRead = 0;
    setState("offline", "not connected");
    if ($("live").hidden) { $("sign-in-problem").textContent = error.code ? error.message : "The server does not answer."; return; }
    const since = lastAnswer ? " What is shown is of " + new Date(lastAnswer).toLocaleTimeString() + "." : "";
    $("banner").textContent = (error.code ? error.message : "The server does not answer.") + since + " Trying again.";
    $("banner").hidden = false;
  }
  if (credential) timer = setTimeout(refresh, document.hidden ? HIDDEN_MS : view.words.length ? SEARCH_MS : REFRESH_MS);
}

function signOut(problem) {
  clearTimeout(timer);
  generation++;
  credential = null;
  sessionStorage.removeItem("credential");
  view = { location: "", words: [], starts: [null] };
  shown = { key: "", rows: new Map() };
  locationsRead = 0;
  $("filter").value = "";
  $("live").hidden = $("sign-out").hidden = true;
  $("sign-in").hidden = false;
  setState("signed-out", "not connected");
  $("sign-in-problem").textContent = typeof problem === "string" ? problem : "";
  $("credential").value = "";
  $("credential").focus();
}

function signIn() {
  $("sign-in-problem").textContent = "";
  setState("loading", "connecting");
  showLoading();
  refresh();
}

let typing = 0;
$("filter").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => changeView({ words: $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), starts: [null] }), 250);
});
$("location").addEventListener("change", () => changeView({ location: $("location").value, starts: [null] }));
$("page-next").addEventListener("click", () => changeView({ starts: [...view.starts, $("page-next").dataset.after] }));
$("page-previous").addEventListener("click", () => changeView({ starts: view.starts.slice(0, -1) }));
$("sign-in").addEventListener("submit", (event) => { event.preventDefault(); credential = $("credential").value.trim(); signIn(); });
$("sign-out").addEventListener("click", signOut);
document.addEventListener("visibilitychange", () => { if (credential && !document.hidden) refresh(); });
if (credential) signIn();
