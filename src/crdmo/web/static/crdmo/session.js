// A log-in that ended is renewed in place: the page and all that was typed stay, and the step goes on.
import { $, $$, ask, refusal, say, stored, token } from "./dialogs.js";

let asking = null;

export function renew(told = {}) {
  asking ??= new Promise((resolve) => {
    const who = told.printed_name ? ` for ${told.printed_name}` : "";
    const box = ask("Your log-in has ended", `<p>Nothing is lost. Prove that it is still you, and what you were doing goes on.</p>
      <form class="form" method="post" action="/session/renew/"><div class="field"><label for="renew-password"></label>
      <input id="renew-password" type="password" name="password" autocomplete="current-password" required aria-describedby="renew-error"></div>
      <div class="field" hidden><label for="renew-totp">Code of your authenticator app</label>
      <input id="renew-totp" class="short" name="totp" inputmode="numeric" autocomplete="one-time-code" aria-describedby="renew-error"></div>
      <div class="field"><div class="error" id="renew-error" role="alert" hidden></div></div>
      <div class="row"><button class="primary">Go on</button><a class="button" data-other>Log in as somebody else</a></div></form>`, "firm");
    $("label", box).textContent = `Password${who}`;
    $("[data-other]", box).href = `${told.login || "/login/"}?next=${encodeURIComponent(location.pathname)}`;
    let good = false;
    $("form", box).addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new FormData(event.target);
      const answer = await fetch(told.renew || "/session/renew/", {
        method: "POST", body, credentials: "same-origin",
        headers: { "X-CSRFToken": token(), Accept: "application/json", "X-Requested-With": "fragment" },
      }).catch(() => null);
      if (answer?.ok) {
        const { csrf, csrf_token: mark = csrf } = await answer.json().catch(() => ({}));
        if (mark) for (const field of $$("input[name=csrfmiddlewaretoken]")) field.value = mark;
        good = true;
        touched();
        box.close();
        return;
      }
      const why = answer ? await refusal(answer) : { text: "The server does not answer. Try again in a moment." };
      const place = $(".error", box);
      place.hidden = false;
      place.textContent = why.text;
      const code = $("#renew-totp", box);
      if ((why.errors || []).some((error) => error.pointer === "/totp")) code.parentElement.hidden = false;
      (code.parentElement.hidden ? $("#renew-password", box) : code).focus();
    });
    box.addEventListener("close", () => { asking = null; resolve(good); });
    $("#renew-password", box).focus();
  });
  return asking;
}

// The time of the last request that kept the log-in alive, shared by all tabs.
const touched = () => stored("touched", String(Date.now()));

export function watchIdle(seconds) {
  if (!seconds) return;
  touched();
  const left = () => seconds * 1000 - (Date.now() - Number(stored("touched") || Date.now()));
  let asked = Date.now(), told = 0;
  const alive = () => {
    // Typing keeps a log-in alive, once a minute; one that has ended stays ended.
    if (left() > 0 && Date.now() - asked > 60000) { asked = Date.now(); touched(); fetch("/health/", { method: "HEAD" }).catch(() => null); }
  };
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, alive, { passive: true });
  setInterval(() => {
    const stage = left() <= 0 ? 2 : left() < 60000 ? 1 : 0;
    if (stage > told) say(stage === 1 ? "Your log-in ends in a minute without activity. What you typed stays." :
      "Your log-in has ended. What you typed stays; the next step asks for your password.", "warn");
    told = stage;
  }, 5000);
  document.addEventListener("submit", (event) => checkFirst(event, left), true);
}

// Before a form goes to the server as a page would, see whether the log-in still holds: a page cannot be repeated.
async function checkFirst(event, left) {
  const form = event.target;
  if (form.method !== "post" || left() > 15000 || form.dataset.checked || form.closest("dialog.firm")) { delete form.dataset.checked; return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  const answer = await fetch("/drafts/?key=-", { headers: { Accept: "application/json", "X-Requested-With": "fragment" } }).catch(() => null);
  if (answer?.status === 401 && !(await renew(await answer.json().catch(() => ({}))))) return;
  touched();
  form.dataset.checked = "1";
  form.requestSubmit(event.submitter?.form === form ? event.submitter : undefined);
}
