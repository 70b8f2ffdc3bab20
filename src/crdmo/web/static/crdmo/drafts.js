// Drafts: what is typed into a long form is kept for its person on the server, two seconds after the last key.
import { request, say, token } from "./dialogs.js";

const SECRET = /password|totp|csrf|signing_/;

export function keepDrafts(form) {
  const key = form.dataset.draft || location.pathname;
  let timer = 0, changed = false;

  const fields = () => {
    const found = {};
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && !SECRET.test(name)) found[name] = name in found ? [].concat(found[name], value) : value;
    return found;
  };
  const send = (data) => request("/drafts/", {
    method: "POST", body: JSON.stringify({ key, data }), keepalive: true,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json", "X-Requested-With": "fragment" },
  }).catch(() => null);

  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(() => send(fields()), 2000);
  });
  form.addEventListener("submit", () => { changed = false; clearTimeout(timer); });
  addEventListener("beforeunload", (event) => { if (changed) { send(fields()); event.preventDefault(); } });

  fetch(`/drafts/?key=${encodeURIComponent(key)}`, { headers: { Accept: "application/json", "X-Requested-With": "fragment" } })
    .then((answer) => (answer.ok ? answer.json() : {}))
    .then(({ data, saved }) => {
      if (!data || form.querySelector(".errors, .has-error")) return;
      const note = document.createElement("div");
      note.className = "note warn";
      note.innerHTML = "<p><strong>A draft, not a record.</strong> <span></span></p><div class='row'><button type='button' class='primary'>Take it up</button><button type='button'>Forget it</button></div>";
      note.querySelector("span").textContent = `You typed here and did not save (${new Date(saved).toLocaleString()}).`;
      const [take, forget] = note.querySelectorAll("button");
      take.addEventListener("click", () => {
        for (const [name, value] of Object.entries(data)) {
          const all = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
          [].concat(value).forEach((one, i) => { const field = all[i]; if (field && !["file", "checkbox", "radio"].includes(field.type)) field.value = one; });
        }
        note.remove();
        say("The draft is back in the form.");
      });
      forget.addEventListener("click", () => { send(null); note.remove(); });
      form.prepend(note);
    })
    .catch(() => null);
}
