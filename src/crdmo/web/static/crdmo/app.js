// What the browser adds to pages that work without it: palette, drawer, drafts, grids, dialogs, scanning, progress.
import { openPalette } from "./palette.js";
import { openFragment, say, ask } from "./dialogs.js";
import { keepDrafts } from "./drafts.js";
import { enliven } from "./grid.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- clicks that open something in place; with a modifier key the link stays a link --------------------------------
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("[data-thread], [data-drawer], [data-palette], [data-keys], [data-theme-toggle], [data-rail], [data-copy], [data-print]");
  if (!link) return;
  if (link.matches("[data-copy]")) { navigator.clipboard?.writeText(link.dataset.copy).then(() => say("Copied.")); return; }
  event.preventDefault();
  if (link.matches("[data-thread], [data-drawer]")) openFragment(link.href, "drawer", link);
  else if (link.matches("[data-palette]")) openPalette(link);
  else if (link.matches("[data-keys]")) showKeys();
  else if (link.matches("[data-theme-toggle]")) toggleTheme();
  else if (link.matches("[data-print]")) window.print();
  else if (link.matches("[data-rail]")) {
    const open = $("#rail").classList.toggle("open");
    link.setAttribute("aria-expanded", String(open));
  }
});

// One menu at a time, closed by Escape or a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

function toggleTheme() {
  const dark = document.documentElement.dataset.theme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = dark ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
}

// --- keys: only with a modifier, except where they can be switched off ----------------------------------------------
const KEYS = [
  ["Ctrl K", "Search, or do something"], ["Ctrl S", "Save the form"], ["Ctrl Enter", "Send the form"], ["Esc", "Close what is open"],
  ["?", "This list (outside of fields)"], ["Arrows, Tab, Enter", "Move in a grid"], ["Ctrl V", "Paste a block into a grid"],
];
function showKeys() {
  const rows = KEYS.map(([key, does]) => `<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`).join("");
  const off = localStorage.getItem("keys") === "off";
  const box = ask("Keyboard", `<dl class="facts">${rows}</dl><label class="check"><input type="checkbox" ${off ? "" : "checked"}>
    <span>Keys without Ctrl (the question mark)</span></label>`);
  $("input", box).addEventListener("change", (event) => localStorage.setItem("keys", event.target.checked ? "on" : "off"));
}
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (command && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(document.activeElement); }
  else if (command && (event.key.toLowerCase() === "s" || event.key === "Enter")) {
    const form = event.target.closest?.("form") || $("main form[data-main]");
    if (form && !form.matches("[data-signs]")) { event.preventDefault(); form.requestSubmit(); }
  } else if (event.key === "?" && !typing && localStorage.getItem("keys") !== "off") { event.preventDefault(); showKeys(); }
  else if (event.key === "Escape") for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
});

// --- a scanner types fast and ends with Enter: outside of fields the scanned code is looked up ----------------------
let scanned = "", last = 0;
document.addEventListener("keypress", (event) => {
  if (event.target.closest?.("input, textarea, select, dialog")) return;
  const now = performance.now();
  scanned = now - last < 60 ? scanned : "";
  last = now;
  if (event.key === "Enter" && scanned.length > 4) { location.href = `/search/?q=${encodeURIComponent(scanned)}&go=1`; scanned = ""; }
  else if (event.key.length === 1) scanned += event.key;
});

// --- choosing rows ------------------------------------------------------------------------------------------------
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  const form = event.target.closest("form, .panel, main");
  if (all) for (const box of $$(`input[type=checkbox][name="${all.dataset.all}"]`, form)) if (!box.disabled) box.checked = all.checked;
  const count = $("[data-chosen]", form);
  if (count) count.textContent = `${$$("tbody input[type=checkbox]:checked", form).length} chosen`;
});

// --- times are shown in UTC; the local time is said on hover and focus ---------------------------------------------
for (const time of $$("time[datetime*='T']")) {
  const zone = { timeZoneName: "short", dateStyle: undefined, year: "numeric", month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  time.title = new Date(time.dateTime).toLocaleString(undefined, zone);
}

// --- work that goes on: ask more and more seldom, stop at the end ---------------------------------------------------
for (const place of $$("[data-job]")) {
  let wait = 1000;
  const look = async () => {
    const answer = await fetch(place.dataset.job, { headers: { Accept: "application/json" } }).catch(() => null);
    const job = answer && answer.ok ? await answer.json() : null;
    if (job) {
      const bar = $("progress", place), text = $("[data-job-text]", place);
      if (bar && job.total) { bar.max = job.total; bar.value = job.done; }
      if (text) text.textContent = job.sentence || job.message || job.state;
      if (["done", "failed", "cancelled"].includes(job.state)) { if (job.url) location.href = job.url; setTimeout(() => location.reload(), 1500); return; }
    }
    wait = Math.min(wait * 1.3, 5000);
    setTimeout(look, wait);
  };
  look();
}

// --- after loading ------------------------------------------------------------------------------------------------
$("[data-focus]")?.focus();
for (const grid of $$("table.entry[data-grid]")) enliven(grid);
for (const form of $$("form[data-draft]")) keepDrafts(form);
for (const review of $$("[data-must-read]")) mustRead(review);

// A signature can be given only after what is signed was seen to its end.
function mustRead(review) {
  const button = review.closest("form")?.querySelector("button.primary");
  if (!button || review.scrollHeight <= review.clientHeight + 4) return;
  button.disabled = true;
  review.tabIndex = 0;
  review.addEventListener("scroll", () => {
    if (review.scrollTop + review.clientHeight >= review.scrollHeight - 8) button.disabled = false;
  });
}

// A log-in that ended is renewed in place: the page and all that was typed stay.
const idle = Number(document.body.dataset.idle || 0);
if (idle) {
  let end = Date.now() + idle * 1000, told = false;
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => {
    if (Date.now() < end) { end = Date.now() + idle * 1000; if (Date.now() - touched > 60000) touch(); }
  }, { passive: true });
  let touched = Date.now();
  function touch() { touched = Date.now(); fetch("/health/", { method: "HEAD" }).catch(() => null); }
  setInterval(() => {
    if (Date.now() > end - 60000 && !told) { told = true; say("Your log-in ends in a minute without activity. What you typed stays."); }
    if (Date.now() < end - 60000) told = false;
  }, 5000);
}
