/* Passkeys: asks the device for a key or for its answer, and posts the form. Forms are marked data-passkey="create|get";
   the options stand in #passkey-options of the form, or come from the address in data-options. */
const bytes = (text) => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0)).buffer;
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const known = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

function parsed(kind, given) {
  const options = { ...given, challenge: bytes(given.challenge) };
  if (kind === "create") {
    options.user = { ...given.user, id: bytes(given.user.id) };
    options.excludeCredentials = known(given.excludeCredentials);
  } else {
    options.allowCredentials = known(given.allowCredentials);
  }
  return options;
}

function written(credential) {
  const answer = credential.response;
  const response = { clientDataJSON: text(answer.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (answer[name]) response[name] = text(answer[name]);
  }
  if (answer.getTransports) response.transports = answer.getTransports();
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function optionsOf(form) {
  const here = form.querySelector("#passkey-options");
  if (here) return JSON.parse(here.textContent);
  const reply = await fetch(form.dataset.options, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  return (await reply.json()).request_options;
}

function say(form, words) {
  let place = form.querySelector("[role=alert]");
  if (!place) {
    place = document.createElement("p");
    place.setAttribute("role", "alert");
    place.className = "note bad";
    form.append(place);
  }
  place.textContent = words;
}

async function ask(event) {
  const form = event.target;
  const kind = form.dataset.passkey;
  if (form.elements.credential.value) return;
  event.preventDefault();
  try {
    const publicKey = parsed(kind, (await optionsOf(form)).publicKey);
    form.elements.credential.value = JSON.stringify(written(await navigator.credentials[kind]({ publicKey })));
    form.requestSubmit();
  } catch (error) {
    form.elements.credential.value = "";
    say(form, `The device gave no passkey (${error.name}). Try again, or use another way.`);
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", ask);
  }
}
