// The palette: records by number or name, and what I may do here. Arrow keys choose, Enter opens.
import { $, $$, request, stored } from "./dialogs.js";

const RECENT = "recent";
const recent = () => JSON.parse(stored(RECENT) || "[]");
const remember = (item) => stored(RECENT, JSON.stringify([item, ...recent().filter((one) => one.url !== item.url)].slice(0, 8)));

export function openPalette(from) {
  if ($("dialog.palette")) return;
  const box = document.createElement("dialog");
  box.className = "palette";
  box.setAttribute("aria-label", "Search or do");
  box.innerHTML = `<input type="search" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" autocomplete="off" spellcheck="false"
    aria-label="Number, name, or what to do" placeholder="Number, name, or what to do"><ul id="palette-list" role="listbox" aria-label="Found"></ul>
    <footer><span><kbd>↑</kbd> <kbd>↓</kbd> choose</span><span><kbd>Enter</kbd> open</span><span><kbd>Ctrl Enter</kbd> new tab</span><span class="visually-hidden" role="status"></span></footer>`;
  document.body.append(box);
  const field = $("input", box), list = $("ul", box), told = $("[role=status]", box);
  let at = 0, asked = 0, timer = 0, items = [], waiting = null;

  const options = () => $$("[role=option]", list);
  const choose = (index) => {
    const all = options();
    if (!all.length) { field.removeAttribute("aria-activedescendant"); return; }
    at = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    all[at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[at].id);
  };
  const open = (index, apart) => {
    const item = items[index];
    if (!item) return;
    remember({ label: item.label, kind: item.kind, url: item.url });
    if (apart) window.open(item.url, "_blank", "noopener"); else location.assign(item.url);
  };

  function draw(groups) {
    list.replaceChildren();
    items = [];
    for (const { name, items: own } of groups) {
      const group = document.createElement("li"), inner = document.createElement("ul"), title = document.createElement("div");
      group.setAttribute("role", "presentation");
      title.className = "group";
      title.id = `palette-group-${items.length}`;
      title.textContent = name;
      inner.setAttribute("role", "group");
      inner.setAttribute("aria-labelledby", title.id);
      for (const item of own) inner.append(option(item));
      group.append(title, inner);
      list.append(group);
    }
    told.textContent = items.length ? `${items.length} found` : "Nothing found";
    if (!items.length) {
      const none = document.createElement("li");
      none.className = "group";
      none.setAttribute("role", "presentation");
      none.textContent = "Nothing found. Try a number such as LOT-26-0001.";
      list.append(none);
    }
    choose(0);
  }
  function option(item) {
    const made = document.createElement("li"), label = document.createElement("span"), kind = document.createElement("span"), index = items.push(item) - 1;
    made.id = `palette-${index}`;
    made.setAttribute("role", "option");
    label.textContent = item.label;
    kind.className = "muted small";
    kind.textContent = item.kind || "";
    if (item.shortcut) { const key = document.createElement("kbd"); key.textContent = item.shortcut; kind.append(" ", key); }
    made.append(label, kind);
    made.addEventListener("click", (event) => open(index, event.ctrlKey || event.metaKey));
    return made;
  }

  const look = async () => {
    const mine = ++asked, question = field.value.trim();
    waiting?.abort();
    waiting = new AbortController();
    const program = location.pathname.split("/")[1];
    const answer = await request(`/search/?q=${encodeURIComponent(question)}&in=${encodeURIComponent(program)}`, { headers: { Accept: "application/json" }, signal: waiting.signal }).catch(() => null);
    if (!answer?.ok || mine !== asked) return; // a later question was asked meanwhile
    const { groups = [] } = await answer.json();
    const own = question ? [] : recent();
    draw(own.length ? [{ name: "Opened lately", items: own }, ...groups] : groups);
  };

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (step !== undefined) { event.preventDefault(); choose(step); }
    else if (event.key === "Enter") { event.preventDefault(); open(at, event.ctrlKey || event.metaKey); }
    // A search field would only empty itself.
    else if (event.key === "Escape") { event.preventDefault(); box.close(); }
  });
  box.addEventListener("close", () => { waiting?.abort(); box.remove(); from?.focus?.(); });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.showModal();
  field.focus();
  if (recent().length) draw([{ name: "Opened lately", items: recent() }]);
  look();
}
