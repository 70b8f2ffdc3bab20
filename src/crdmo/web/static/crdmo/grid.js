// A table of inputs that behaves like a spreadsheet: a pasted block fills it, arrows and Enter move, a decimal comma is asked about.
import { say } from "./dialogs.js";

const COMMA = /^[+-]?\d+,\d+$/;

function clean(text) {
  const value = text.trim().replace(/\u00a0/g, "");
  if (!COMMA.test(value)) return { value, odd: false };
  // 1,500 can be one and a half or fifteen hundred: it is left as it stands, and the server asks.
  const after = value.split(",")[1].length;
  return after === 3 ? { value, odd: true } : { value: value.replace(",", "."), odd: false };
}

export function enliven(table) {
  const rows = () => [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("input:not([type=hidden]):not([type=checkbox])")]).filter((r) => r.length);
  const place = (input) => {
    const all = rows();
    for (let r = 0; r < all.length; r++) { const c = all[r].indexOf(input); if (c >= 0) return [r, c, all]; }
    return null;
  };

  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.trim())) return;
    const found = place(event.target);
    if (!found) return;
    event.preventDefault();
    const [r0, c0, all] = found;
    let filled = 0, lost = 0, odd = 0;
    text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach((line, i) => line.split("\t").forEach((cell, j) => {
      const input = all[r0 + i]?.[c0 + j];
      if (!input) { lost++; return; }
      const made = clean(cell);
      odd += made.odd;
      input.value = made.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      filled++;
    }));
    say(`${filled} cells filled${lost ? `; ${lost} did not fit and were left out` : ""}${odd ? `; ${odd} can be read in two ways` : ""}.`, lost || odd ? "warn" : "");
  });

  table.addEventListener("change", (event) => {
    if (!event.target.matches("input")) return;
    const made = clean(event.target.value);
    if (made.value !== event.target.value.trim()) say(`Understood as ${made.value}.`);
    event.target.value = made.value;
  });

  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], Enter: [1, 0] }[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    const found = place(event.target);
    const next = found && found[2][found[0] + step[0]]?.[found[1]];
    if (next) { event.preventDefault(); next.focus(); next.select?.(); } else if (event.key === "Enter") event.preventDefault();
  });
}
