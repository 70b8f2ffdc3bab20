// Drafts: what is typed into a form is kept for its person on the server, two seconds after the last key.
import { $, request, say, $$ } from "./dialogs.js";

const SECRET = /password|totp|csrf|signing_|credential/;
const keyOf = (form) => form.dataset.draft || location.pathname;

const send = (key, data, keepalive = false) => request("/drafts/", {
  method: "POST", body: JSON.stringify({ key, data }), keepalive,
  headers: { "Content-Type": "application/json", Accept: "application/json" },
}).then((answer) => Boolean(answer?.ok)).catch(() => false);

export const forget = (key) => send(key, null);

function fields(form) {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !SECRET.test(name)) found[name] = name in found ? [].concat(found[name], value) : value;
  }
  return found;
}

function fill(form, data) {
  for (const field of form.elements) {
    if (!field.name || SECRET.test(field.name) || field.type === "file" || !(field.name in data)) {
      if (["checkbox", "radio"].includes(field.type) && field.name) field.checked = false;
      continue;
    }
    const values = [].concat(data[field.name]);
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (field.type === "select-multiple") for (const option of field.options) option.selected = values.includes(option.value);
    else field.value = values[[...$$(`[name="${CSS.escape(field.name)}"]`, form)].indexOf(field)] ?? values[0];
  }
}

export function keepDrafts(form) {
  const key = keyOf(form), kept = "draft" in form.dataset;
  let timer = 0, changed = false, lost = false;

  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    if (kept) timer = setTimeout(async () => { lost = !(await send(key, fields(form))); if (!lost) changed = false; else say("The draft could not be kept: the server does not answer.", "warn"); }, 2000);
  });
  form.addEventListener("submit", () => {
    changed = false;
    clearTimeout(timer);
    if (kept) sessionStorage.setItem("sent", JSON.stringify([key]));
  });
  addEventListener("pagehide", () => { if (changed && kept) send(key, fields(form), true); });
  // Leaving is asked about only where something would be lost.
  addEventListener("beforeunload", (event) => { if (changed && (!kept || lost)) event.preventDefault(); });

  if (kept) offer(form, key);
}

async function offer(form, key) {
  const answer = await fetch(`/drafts/?key=${encodeURIComponent(key)}`, { headers: { Accept: "application/json", "X-Requested-With": "fragment" } }).catch(() => null);
  const { data, saved } = answer?.ok ? await answer.json() : {};
  if (!data || $(".errors, .has-error", form) || JSON.stringify(data) === JSON.stringify(fields(form))) return;
  const note = document.createElement("div");
  note.className = "note warn";
  note.innerHTML = "<p><strong>A draft, not a record.</strong> <span></span></p><div class='row'><button type='button' class='primary'>Take it up</button><button type='button'>Forget it</button></div>";
  $("span", note).textContent = `You typed here and did not save (${new Date(saved).toLocaleString()}).`;
  const [take, drop] = $$("button", note);
  take.addEventListener("click", () => {
    fill(form, data);
    note.remove();
    form.dispatchEvent(new Event("input", { bubbles: true }));
    say("The draft is back in the form.");
    $("input:not([type=hidden]), select, textarea", form)?.focus();
  });
  drop.addEventListener("click", () => { send(key, null); note.remove(); $("input:not([type=hidden]), select, textarea", form)?.focus(); });
  form.prepend(note);
}
