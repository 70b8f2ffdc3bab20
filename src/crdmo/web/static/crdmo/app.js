// What the browser adds to pages that work without it. Parts that a page does not need are not loaded.
import { $, $$, ask, openDialog, openFragment, say, showLocalTimes, stored } from "./dialogs.js";
import { watchIdle } from "./session.js";

// --- clicks that open something in place; with a modifier key a link stays a link -----------------------------------
const OPENS = {
  "[data-thread], [data-drawer]": (link) => openFragment(link.href, "drawer", link),
  "[data-dialog]": (link) => openDialog(link.href, link),
  "[data-palette]": (link) => palette(link),
  "[data-keys]": () => showKeys(),
  "[data-theme-toggle]": () => toggleTheme(),
  "[data-text-toggle]": () => choose("text", document.documentElement.dataset.text === "16" ? "" : "16"),
  "[data-density-toggle]": () => choose("density", document.documentElement.dataset.density === "dense" ? "" : "dense"),
  "[data-print]": () => window.print(),
  "[data-rail]": (link) => rail(!$("#rail").classList.contains("open"), link),
  "[data-rail-close]": () => rail(false),
  "[data-copy]": (button) => copy(button),
};
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button || event.defaultPrevented) return;
  for (const [selector, act] of Object.entries(OPENS)) {
    const link = event.target.closest?.(selector);
    if (link) { event.preventDefault(); act(link); return; }
  }
});
document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if ($("#rail.open") && !event.target.closest("#rail, [data-rail]")) rail(false);
});

const palette = (from) => import("./palette.js").then(({ openPalette }) => openPalette(from));

function rail(open, from) {
  const nav = $("#rail");
  if (location.hash === "#rail") history.replaceState(null, "", location.pathname + location.search);
  nav.classList.toggle("open", open);
  const toggle = $("[data-rail]");
  toggle.setAttribute("aria-expanded", String(open));
  if (open) $("a", nav)?.focus(); else if (from || nav.contains(document.activeElement)) toggle.focus();
}

async function copy(button) {
  const from = button.dataset.copy;
  const text = from.startsWith("#") ? $(from)?.textContent ?? from : from;
  await navigator.clipboard.writeText(text);
  say("Copied.");
}

// --- what a person chooses for all pages; the server reads it from the cookie and draws the page so at once ----------
const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=${value ? 31536000 : 0}; samesite=lax`; };
function choose(name, value) {
  if (value) document.documentElement.dataset[name] = value; else delete document.documentElement.dataset[name];
  keep(name, value);
  say({ text: value ? "Larger text." : "Usual text.", density: value ? "Dense rows." : "Usual rows." }[name]);
}
function toggleTheme() {
  const set = document.documentElement.dataset.theme;
  const dark = set === "dark" || (!set && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  keep("theme", dark ? "light" : "dark");
}

// --- keys: with Ctrl or Cmd, or such as can be switched off (WCAG 2.1.4); none depends on a layout -------------------
const KEYS = [
  ["Ctrl K", "Search, or do something"], ["Ctrl S", "Save the form"], ["Ctrl Enter", "Send the form"],
  ["Esc", "Close what is open"], ["?", "This list, outside of fields"], ["Tab, Enter, arrows", "Move in a grid"],
  ["Ctrl V", "Paste a block into a grid"], ["Shift click", "Choose all rows between two"],
];
function showKeys() {
  const rows = KEYS.map(([key, does]) => `<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`).join("");
  const box = ask("Keyboard", `<dl class="facts">${rows}</dl><label class="check"><input type="checkbox"${stored("keys") === "off" ? "" : " checked"}>
    <span>Keys without Ctrl: the question mark, and a scanner outside of fields</span></label>`);
  $("input", box).addEventListener("change", (event) => stored("keys", event.target.checked ? "on" : "off"));
}
const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog");
document.addEventListener("keydown", (event) => {
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  const key = event.key.toLowerCase();
  if (command && key === "k") { event.preventDefault(); palette(document.activeElement); return; }
  if (command && (key === "s" || key === "enter")) {
    const form = event.target.closest?.("form[method=post]") || $("main form[data-main]") || $("main form.form");
    // A signature is given with its button, never by a key that saves.
    if (form?.matches("[data-signature-form]") && key === "s") event.preventDefault();
    else if (form) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (event.key === "Escape") {
    for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
    if ($("#rail.open")) rail(false);
  }
  if (event.key === " " && event.target.matches?.("a[role=button]")) { event.preventDefault(); event.target.click(); }
  if (event.key === "?" && !isTyping(event.target) && stored("keys") !== "off") { event.preventDefault(); showKeys(); }
});

// --- a scanner types fast and ends with Enter: outside of fields the scanned code is looked up ------------------------
let scanned = "", last = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || stored("keys") === "off") return;
  // When the key was pressed, not when a busy page came to it.
  const now = event.timeStamp;
  if (now - last > 60) scanned = "";
  last = now;
  if (event.key === "Enter" && scanned.length > 4) {
    event.preventDefault();
    say(`Scanned ${scanned}.`);
    location.href = `/search/?q=${encodeURIComponent(scanned)}&go=1`;
    scanned = "";
  } else if (event.key.length === 1) scanned += event.key;
});

// --- work that goes on: ask more and more seldom, stop at the end -----------------------------------------------------
function follow(place) {
  let wait = 1000;
  const look = async () => {
    const answer = await fetch(place.dataset.job, { headers: { Accept: "application/json", "X-Requested-With": "fragment" } }).catch(() => null);
    const job = answer?.ok ? await answer.json() : null;
    const bar = $("progress", place), text = $("[data-job-text]", place);
    if (job && bar && job.total) { bar.max = job.total; bar.value = job.done; }
    if (job && text) text.textContent = job.sentence || job.message || job.state;
    if (job && ["done", "failed", "cancelled"].includes(job.state)) {
      say(text?.textContent || job.state, job.state === "done" ? "ok" : "bad");
      if ("stay" in place.dataset) return;
      // What the job made stands on another page, or on this one drawn anew.
      if (job.url) location.href = job.url; else setTimeout(() => location.reload(), 1500);
      return;
    }
    wait = Math.min(wait * 1.3, 5000);
    setTimeout(look, wait);
  };
  look();
}

// --- after loading: each part is fetched only where the page has what it works on --------------------------------------
const PARTS = [
  ["form[data-draft], form[data-guard]", "./drafts.js", (module, found) => found.forEach(module.keepDrafts)],
  ["table.entry[data-grid]", "./grid.js", (module, found) => found.forEach(module.enliven)],
  [".table, [data-all], [data-table]", "./tables.js", (module) => module.enliven(document)],
  ["dialog[data-signature], [data-must-read]", "./signing.js", (module) => module.enliven(document)],
];
for (const [selector, file, start] of PARTS) {
  const found = $$(selector);
  if (found.length) import(file).then((module) => start(module, found));
}
for (const key of JSON.parse(sessionStorage.getItem("sent") || "[]")) {
  // A form that was sent and did not come back with a problem has no draft any more.
  if (!$("#errors, .has-error")) import("./drafts.js").then((module) => module.forget(key));
}
sessionStorage.removeItem("sent");
showLocalTimes(document);
$$("[data-job]").forEach(follow);
$("[data-focus]")?.focus();
watchIdle(Number(document.body.dataset.idle || 0));
