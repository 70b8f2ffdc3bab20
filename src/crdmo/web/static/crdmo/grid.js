// A table of inputs that works like a spreadsheet: a pasted block fills it, keys move in it, a decimal comma is understood
// or asked about. Nothing is saved until the whole block is; wrong cells are named in place.
import { $, $$, refusal, request, say } from "./dialogs.js";

const COMMA = /^[+-]?\d*,\d+$/, GROUPED = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const CELL = "input:not([type=hidden], [type=checkbox]), select";
const isNumber = (field) => field.inputMode === "decimal" || "measured" in field.dataset;

// 1,500 can be one and a half or fifteen hundred: it is left as it stands and marked, and the server asks.
export function understood(text) {
  const value = text.trim().replace(/[\u00a0\u2009\u202f ](?=\d{3}(\D|$))/g, "").replace("\u2212", "-");
  if (!COMMA.test(value)) return { value, odd: false };
  return GROUPED.test(value) ? { value, odd: true } : { value: value.replace(",", "."), odd: false };
}

export function enliven(table) {
  table.setAttribute("role", "grid");
  for (const cell of $$("tbody td", table)) if ($(CELL, cell)) cell.setAttribute("role", "gridcell");
  const body = table.tBodies[0], pattern = $("template[data-row]", table.parentElement);
  const rows = () => [...body.rows].map((row) => $$(CELL, row)).filter((row) => row.length);
  const place = (field) => {
    const all = rows(), r = all.findIndex((row) => row.includes(field));
    return r < 0 ? null : [r, all[r].indexOf(field), all];
  };

  function addRow() {
    if (!pattern) return null;
    const n = Math.max(-1, ...$$("tr[data-n]", body).map((row) => Number(row.dataset.n))) + 1 || body.rows.length;
    const box = document.createElement("template");
    box.innerHTML = pattern.innerHTML.replaceAll("__n__", String(n)); // the page's own pattern, never typed text
    const row = box.content.firstElementChild;
    row.dataset.n = String(n);
    body.append(row);
    const total = table.form || table.closest("form");
    const field = total && $("input[name$=TOTAL_FORMS]", total);
    if (field) field.value = String(rows().length);
    return $$(CELL, row);
  }

  function put(field, text) {
    const made = isNumber(field) ? understood(text) : { value: text.trim(), odd: false };
    field.value = made.value;
    field.closest("td")?.classList.toggle("odd", made.odd);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return made.odd;
  }

  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    const found = place(event.target);
    if (!found || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    const [r0, c0, all] = found;
    const source = table.closest("form")?.elements.source;
    if (source) source.value = "pasted";
    let filled = 0, lost = 0, odd = 0;
    text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach((line, i) => {
      all[r0 + i] ??= addRow() || [];
      line.split("\t").forEach((cell, j) => {
        const field = all[r0 + i][c0 + j];
        if (!field || field.readOnly || field.disabled) { if (cell.trim()) lost++; return; }
        odd += put(field, cell);
        filled++;
      });
    });
    say(`${filled} cells filled.${lost ? ` ${lost} did not fit and were left out.` : ""}${odd ? ` ${odd} can be read in two ways: write them with a point.` : ""}`, lost || odd ? "warn" : "");
  });

  table.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches("input") || !isNumber(field)) return;
    const given = field.value.trim(), odd = put(field, given);
    if (odd) say(`${given} can be read in two ways: write ${given.replace(",", ".")} or ${given.replace(",", "")}.`, "warn");
    else if (field.value !== given) say(`Understood as ${field.value}.`);
  });

  table.addEventListener("keydown", (event) => {
    const field = event.target, found = event.ctrlKey || event.metaKey || event.altKey ? null : place(field);
    if (!found) return;
    const [r, c, all] = found, text = field.matches("input");
    const atStart = text && field.selectionStart === 0 && field.selectionEnd === 0;
    const atEnd = text && field.selectionStart === field.value.length;
    const back = event.key === "Enter" && event.shiftKey;
    const step = { ArrowDown: text && [1, 0], ArrowUp: text && [-1, 0], Enter: [back ? -1 : 1, 0], ArrowLeft: atStart && [0, -1], ArrowRight: atEnd && [0, 1] }[event.key];
    if (event.key === "Escape" && text) { field.value = field.defaultValue; return; }
    if (!step) return;
    const next = all[r + step[0]]?.[c + step[1]] || (event.key === "Enter" && !back && field.value ? addRow()?.[c] : null);
    if (next || event.key === "Enter") event.preventDefault();
    next?.focus();
    next?.select?.();
  });

  const form = table.closest("form");
  for (const button of $$("[data-add-row]", form || document)) button.addEventListener("click", () => addRow()?.[0]?.focus());
  if (form && "json" in form.dataset) form.addEventListener("submit", (event) => { event.preventDefault(); send(form, table); });
}

// The whole block goes in one request, as {"rows": [{name: value}]} beside the form's other fields; empty rows are left out.
async function send(form, table) {
  const rows = [], places = [];
  for (const row of table.tBodies[0].rows) {
    const fields = $$("input[name], select[name]", row).filter((field) => field.type !== "checkbox" || field.checked);
    if (!fields.some((field) => field.matches(CELL) && field.value.trim())) continue;
    rows.push(Object.fromEntries(fields.map((field) => [field.name, field.value])));
    places.push(row);
  }
  const others = [...form.elements].filter((field) => field.name && !table.contains(field) && field.name !== "csrfmiddlewaretoken" && (!["checkbox", "radio"].includes(field.type) || field.checked));
  const body = JSON.stringify({ ...Object.fromEntries(others.map((field) => [field.name, field.value])), rows });
  const answer = await request(form.action, { method: "POST", body, headers: { "Content-Type": "application/json", Accept: "application/json" } }).catch(() => null);
  if (!answer) { say("The server does not answer. Nothing was saved; try again.", "bad"); return; }
  if (answer.ok) { location.assign((await answer.json().catch(() => ({}))).url || location.href); return; }
  mark(table, places, await refusal(answer));
}

function mark(table, places, told) {
  for (const old of $$("td .error", table)) old.remove();
  for (const cell of $$("td.bad", table)) { cell.classList.remove("bad"); $(CELL, cell)?.removeAttribute("aria-invalid"); }
  let first = null, named = 0;
  for (const { pointer = "", detail } of told.errors || []) {
    const [, list, n, name] = pointer.split("/");
    const field = list === "rows" && places[n] && $(`[name="${CSS.escape(name || "")}"]`, places[n]);
    if (!field) continue;
    const error = document.createElement("span");
    error.className = "error";
    error.id = `cell-error-${named++}`;
    error.textContent = detail;
    field.closest("td").classList.add("bad");
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", error.id);
    field.after(error);
    first ??= field;
  }
  say(named ? `Nothing was saved: ${named} ${named === 1 ? "cell needs" : "cells need"} a look.` : told.text, "bad");
  (first || table.querySelector(CELL))?.focus();
}
