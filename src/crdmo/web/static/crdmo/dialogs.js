// Dialogs: the drawer of a thread, small questions, messages, and the renewal of an ended log-in.
export function say(text, tone = "") {
  const place = document.getElementById("status");
  const note = document.createElement("div");
  note.className = `note ${tone}`;
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 6000);
}

function build(kind, title) {
  const box = document.createElement("dialog");
  box.className = kind;
  const head = document.createElement("header");
  const name = document.createElement("h2");
  name.textContent = title;
  name.id = "dialog-title";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = "Close";
  close.addEventListener("click", () => box.close());
  head.append(name, close);
  const body = document.createElement("div");
  body.className = "body";
  box.setAttribute("aria-labelledby", "dialog-title");
  box.append(head, body);
  document.body.append(box);
  return box;
}

function show(box, from) {
  box.addEventListener("close", () => { box.remove(); from?.focus?.(); });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.showModal();
  return box;
}

export function ask(title, html, kind = "") {
  const from = document.activeElement;
  const box = build(kind, title);
  box.querySelector(".body").innerHTML = html; // only called with text of this program
  return show(box, from);
}

export async function openFragment(url, kind, from) {
  const answer = await request(url, { headers: { "X-Requested-With": "fragment", Accept: "text/html" } });
  if (!answer) { location.href = url; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const box = build(kind, page.querySelector("h1, [data-title]")?.textContent.trim() || "Thread");
  const content = page.querySelector("[data-fragment]") || page.querySelector("main") || page.body;
  box.querySelector(".body").append(...[...content.childNodes].map((node) => document.importNode(node, true)));
  const whole = document.createElement("footer");
  whole.innerHTML = '<a class="button">Open as a page</a>';
  whole.firstChild.href = url;
  box.append(whole);
  show(box, from);
}

// A request that finds the log-in ended asks the same person for the password and is then repeated, unchanged.
export async function request(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  if (answer.status !== 401) return answer;
  const renewed = await renew();
  return renewed ? fetch(url, { credentials: "same-origin", ...options }) : null;
}

export function token() {
  return document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
}

// Who has an authenticator app gives its code as well.
function askCode(form) {
  if (form.elements.totp) return;
  const field = document.createElement("div");
  field.className = "field";
  field.innerHTML = '<label for="renew-totp">Code of your authenticator app</label><input id="renew-totp" name="totp" inputmode="numeric" autocomplete="one-time-code" required>';
  form.querySelector(".field").after(field);
  field.querySelector("input").focus();
}

function renew() {
  return new Promise((resolve) => {
    const box = ask("Your log-in has ended", `<p>Nothing is lost. Prove that it is still you, and what you were doing goes on.</p>
      <form class="form"><div class="field"><label for="renew-password">Password</label><input id="renew-password" type="password"
      name="password" autocomplete="current-password" required></div><p class="error" role="alert"></p><button class="primary">Go on</button></form>`);
    let good = false;
    box.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      form.set("csrfmiddlewaretoken", token());
      const answer = await fetch("/session/renew/", { method: "POST", body: form, headers: { "X-CSRFToken": token(), Accept: "application/json", "X-Requested-With": "fragment" } });
      if (answer.ok) {
        const told = await answer.json().catch(() => ({}));
        if (told.csrf_token) for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = told.csrf_token;
        good = true;
        box.close();
      } else {
        const told = await answer.json().catch(() => ({}));
        box.querySelector(".error").textContent = told.errors?.map((one) => one.detail).join(" ") || told.detail || "That was not accepted.";
        if (told.errors?.some((one) => one.pointer === "/totp")) askCode(event.target);
      }
    });
    box.addEventListener("close", () => resolve(good));
    box.querySelector("input").focus();
  });
}
