// Puts the parts together: the token field, the words beside it, and GraphiQL below.

import { Refused, ask, cleaned, expiry, introduce, keep, stored } from "./session.js";
import { DAY, Shelf, forget, lay } from "./tabs.js";

const VIEWER = "headcount:viewer";
const ROLES = {
  LANDLORD: "Landlord",
  TENANT_ADMINISTRATOR: "Tenant Administrator",
  SERVICE: "Service account",
};
const LINKED_VALUES = ["externalId", "externalIds", "id", "tenant", "date", "from", "to"];

const part = (id) => document.getElementById(id);
const field = part("token");

let turn = 0;
let editor = null;

/** Asks who the token is and opens the editor for them; a later call overtakes an earlier one. */
async function use(token, link = { values: {} }) {
  const mine = ++turn;
  field.value = token;
  part("forget").hidden = !token;
  if (!token) return leave();
  say("waiting", "Checking the token…");
  try {
    const { viewer, tenants } = await introduce(token);
    if (mine !== turn) return;
    keep(token);
    open(token, viewer, tenants, link);
    greet(token, viewer);
  } catch (error) {
    if (mine === turn) refuse(error);
  }
}

/** Nothing of the last viewer stays: no token, no tab, no answer. */
function leave() {
  close();
  forget();
  keep("");
  sessionStorage.removeItem(VIEWER);
  say("none", "No token yet.");
  field.focus();
}

function refuse(error) {
  close();
  // A service that cannot be reached says nothing about the token.
  if (error instanceof Refused) keep("");
  say("refused", error.message);
}

function open(token, viewer, tenants, link) {
  const changed = sessionStorage.getItem(VIEWER) !== viewer.id;
  const linked = Boolean(link.query) || Object.keys(link.values).length > 0;
  if (editor && (changed || linked)) close();
  if (!editor) {
    editor = { shelf: new Shelf(), root: ReactDOM.createRoot(part("graphiql")) };
    lay(editor.shelf, tenants, link, changed || linked);
    sessionStorage.setItem(VIEWER, viewer.id);
  }
  part("welcome").hidden = true;
  // Another fetcher makes GraphiQL read the schema again.
  editor.root.render(React.createElement(GraphiQL, propertiesFor(token), logo));
}

function close() {
  editor?.shelf.close();
  editor?.root.unmount();
  editor = null;
  part("welcome").hidden = false;
}

// The page has its own name above; without a child GraphiQL shows its own.
const logo = React.createElement(GraphiQL.Logo, null, "");

const propertiesFor = (token) => ({
  fetcher: fetcherFor(token),
  storage: editor.shelf,
  // GraphiQL's history keeps headers whatever it is told, so it is never given one.
  isHeadersEditorEnabled: false,
  shouldPersistHeaders: false,
  defaultEditorToolsVisibility: "variables",
  schemaDescription: true,
});

function fetcherFor(token) {
  return async ({ query, variables, operationName }) => {
    try {
      // Just after a change of tabs GraphiQL still names the operation of the tab before.
      const named = query.match(/\w+/g)?.includes(operationName);
      return await ask(token, { query, variables, operationName: named ? operationName : null });
    } catch (error) {
      // The editor stays open: a token that has expired costs nobody their query.
      if (error instanceof Refused && token === stored()) say("refused", error.message);
      return { errors: [{ message: error.message }] };
    }
  };
}

function greet(token, viewer) {
  const name = Object.assign(document.createElement("strong"), { textContent: viewer.displayName });
  const role = Object.assign(document.createElement("span"), {
    className: "role",
    textContent: ROLES[viewer.role] ?? viewer.role,
  });
  const end = expiry(token);
  say("accepted", name, role, end ? `until ${shortly(end)}` : "");
  if (end) part("who").title = `The token expires ${end.toLocaleString()}.`;
}

/** The time of day, or the date when that is more than a day away. */
function shortly(instant) {
  if (Math.abs(instant - Date.now()) >= DAY) return instant.toLocaleDateString();
  return instant.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function say(state, ...words) {
  part("who").className = state;
  part("who").title = "";
  part("who").replaceChildren(...words);
}

/** Reads what the link's fragment carries, and takes it out of the address bar. */
function readLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  const values = {};
  for (const name of LINKED_VALUES) if (given.has(name)) values[name] = given.get(name);
  if (values.externalIds) values.externalIds = values.externalIds.split(",");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  const [token, query, variables] = ["token", "query", "variables"].map((name) => given.get(name));
  return { token: cleaned(token ?? ""), query, variables, values };
}

function follow() {
  const link = readLink();
  const token = link.token || stored();
  if (token) use(token, link);
  else leave();
}

function reveal() {
  const hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  part("show").textContent = hidden ? "Hide" : "Show";
  part("show").setAttribute("aria-pressed", String(hidden));
}

const submit = () => use(cleaned(field.value));
// A click on Use, or Enter in the field; the field has no name, so a form sent anyway is empty.
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
field.addEventListener("paste", () => setTimeout(submit));
part("show").addEventListener("click", reveal);
part("forget").addEventListener("click", () => use(""));
addEventListener("hashchange", () => location.hash && follow());
follow();
