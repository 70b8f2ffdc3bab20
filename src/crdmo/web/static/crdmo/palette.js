// The palette: records by number or name, and what I may do here. Arrow keys choose, Enter opens.
import { request } from "./dialogs.js";

export function openPalette(from) {
  if (document.querySelector("dialog.palette")) return;
  const box = document.createElement("dialog");
  box.className = "palette";
  box.setAttribute("aria-label", "Search or do");
  box.innerHTML = `<input type="search" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list"
    aria-label="Number, name, or what to do" placeholder="Number, name, or what to do"><ul id="palette-list" role="listbox" aria-label="Found"></ul>`;
  document.body.append(box);
  const field = box.querySelector("input"), list = box.querySelector("ul");
  let at = 0, asked = 0, timer = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const mark = (index) => {
    const all = options();
    if (!all.length) return;
    at = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    all[at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[at].id);
  };
  const open = () => { const chosen = options()[at]; if (chosen) location.href = chosen.dataset.url; };

  const look = async () => {
    const mine = ++asked;
    const program = location.pathname.split("/")[1];
    const answer = await request(`/search/?q=${encodeURIComponent(field.value)}&in=${encodeURIComponent(program)}`, { headers: { Accept: "application/json", "X-Requested-With": "fragment" } });
    if (!answer?.ok || mine !== asked) return; // a later question was asked meanwhile
    const { groups } = await answer.json();
    list.replaceChildren();
    let n = 0;
    for (const group of groups) {
      const name = document.createElement("li");
      name.className = "group";
      name.setAttribute("role", "presentation");
      name.textContent = group.name;
      list.append(name);
      for (const item of group.items) {
        const option = document.createElement("li");
        option.id = `palette-${n++}`;
        option.setAttribute("role", "option");
        option.dataset.url = item.url;
        const label = document.createElement("span"), kind = document.createElement("span");
        label.textContent = item.label;
        kind.textContent = item.kind || "";
        kind.className = "muted small";
        option.append(label, kind);
        option.addEventListener("click", () => { location.href = item.url; });
        list.append(option);
      }
    }
    if (!n) { const none = document.createElement("li"); none.className = "group"; none.textContent = "Nothing found. Try a number such as LOT-26-0001."; list.append(none); }
    mark(0);
  };

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    else if (event.key === "Enter") { event.preventDefault(); open(); }
  });
  box.addEventListener("close", () => { box.remove(); from?.focus?.(); });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.showModal();
  field.focus();
  look();
}
