// Tables: sorting and paging in place, choosing rows, choosing columns. Without it each is a link or a plain form.
import { $, $$, request, say, showLocalTimes, stored } from "./dialogs.js";

export function enliven(root) {
  for (const scroller of $$(".table", root)) fit(scroller);
  for (const region of $$("[data-table]", root)) columns(region);
  for (const bar of $$("[data-batch]", root)) count(bar.closest("form") || document);
}

// A table that fits needs no scroller: its head can then stay in sight while the page scrolls.
function fit(scroller) {
  const measure = () => {
    scroller.classList.remove("fits");
    const fits = scroller.scrollWidth <= scroller.clientWidth + 1 && !scroller.closest("dialog, figure");
    scroller.classList.toggle("fits", fits);
    if (fits) scroller.removeAttribute("tabindex");
    else { scroller.tabIndex = 0; if (!scroller.getAttribute("role")) scroller.setAttribute("role", "group"); if (!scroller.hasAttribute("aria-label")) scroller.setAttribute("aria-label", $("caption", scroller)?.textContent.trim() || "Table"); }
  };
  measure();
  new ResizeObserver(() => requestAnimationFrame(measure)).observe(scroller.parentElement);
}

// --- in place: the region is fetched and exchanged, the focus goes to the counterpart of what was activated -------------
const placeOf = (link) => ({ column: link.closest("[data-column]")?.dataset.column, text: link.textContent.trim() });
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  swap(link.closest("[data-region]"), link.href, placeOf(link));
});
async function swap(region, url, place) {
  region.setAttribute("aria-busy", "true");
  const answer = await request(url, { headers: { Accept: "text/html", "Sec-Fetch-Mode": "navigate" } }).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const found = page?.getElementById(region.id);
  if (!found) { location.href = url; return; }
  const fresh = document.importNode(found, true);
  region.replaceWith(fresh);
  history.pushState({ swapped: true }, "", url);
  enliven(fresh.parentElement);
  showLocalTimes(fresh);
  const next = $$("a[data-swap]", fresh).find((a) => (place.column ? a.closest("[data-column]")?.dataset.column === place.column : a.textContent.trim() === place.text));
  (next || $("a, .table", fresh))?.focus({ preventScroll: true });
  if (fresh.getBoundingClientRect().top < 0) fresh.scrollIntoView();
  say($(".table-foot span", fresh)?.firstChild?.textContent.trim() || "The table is shown anew.");
}
addEventListener("popstate", () => { if ($("[data-region]")) location.reload(); });

// --- choosing rows ----------------------------------------------------------------------------------------------------
const boxes = (form) => $$("tbody input[type=checkbox]:not(:disabled)", form);
function count(form) {
  const place = $("[data-chosen]", form), all = boxes(form), chosen = all.filter((box) => box.checked);
  for (const head of $$("[data-all]", form)) {
    head.checked = chosen.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  if (!place) return;
  place.textContent = chosen.length ? `${chosen.length} of ${all.length} chosen` : "Choose rows, then a step";
  place.closest("[data-batch]")?.classList.toggle("on", chosen.length > 0);
  for (const button of $$("button", place.closest("[data-batch]") || document.createElement("p"))) button.disabled = !chosen.length;
}
let before = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("tbody input[type=checkbox]");
  if (!box) return;
  const form = box.closest("form, .panel, main"), all = boxes(form);
  if (event.shiftKey && before && all.includes(before)) {
    const [a, b] = [all.indexOf(before), all.indexOf(box)].sort((x, y) => x - y);
    for (const one of all.slice(a, b + 1)) one.checked = box.checked;
  }
  before = box;
});
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form, .panel, main");
  if (event.target.matches?.("[data-all]")) for (const box of boxes(form)) if (box.name === event.target.dataset.all) box.checked = event.target.checked;
  if (event.target.matches?.("[data-all], tbody input[type=checkbox]")) count(form);
});

// --- choosing columns: kept on this device, by the table's name ----------------------------------------------------------
function columns(region) {
  const name = `columns:${region.dataset.table}`, chosen = JSON.parse(stored(name) || "{}");
  const heads = $$("thead [data-column]", region);
  if (heads.length < 3) return;
  const apply = () => { for (const cell of $$("[data-column]", region)) if (cell.dataset.column in chosen) cell.hidden = !chosen[cell.dataset.column]; };
  apply();
  const menu = document.createElement("details"), open = document.createElement("summary"), sheet = document.createElement("div");
  menu.className = "menu";
  sheet.className = "sheet";
  open.className = "button tiny quiet";
  open.textContent = "Columns";
  heads.slice(1).forEach((head) => {
    const label = document.createElement("label"), box = document.createElement("input"), words = document.createElement("span");
    label.className = "check";
    box.type = "checkbox";
    box.checked = !head.hidden;
    words.textContent = head.textContent.replace(/[▲▼]/g, "").trim();
    box.addEventListener("change", () => { chosen[head.dataset.column] = box.checked; stored(name, JSON.stringify(chosen)); apply(); });
    label.append(box, words);
    sheet.append(label);
  });
  menu.append(open, sheet);
  $(".table-foot nav", region)?.prepend(menu);
}
