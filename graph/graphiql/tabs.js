// What stands in GraphiQL's tabs, and where GraphiQL keeps it.

const EXAMPLES = JSON.parse(document.getElementById("examples").textContent);
const PREFIX = "graphiql:";
// How the page looks may outlive the browser tab; what was asked may not.
const LASTING = new Set(["theme", "docExplorerFlex", "editorFlex", "secondaryEditorFlex"]);
const REFUSED = new Set(["headers", "shouldPersistHeaders"]);
export const DAY = 24 * 60 * 60 * 1000;

/** A storage for one viewer's GraphiQL. Closed, it takes no late write of a page that is gone. */
export class Shelf {
  #closed = false;

  #place(key) {
    return LASTING.has(key.slice(PREFIX.length)) ? localStorage : sessionStorage;
  }

  getItem(key) {
    return this.#place(key).getItem(key);
  }

  setItem(key, value) {
    if (this.#closed || REFUSED.has(key.slice(PREFIX.length))) return;
    this.#place(key).setItem(key, value);
  }

  removeItem(key) {
    this.#place(key).removeItem(key);
  }

  get length() {
    return keys(sessionStorage).length + keys(localStorage).length;
  }

  clear() {
    for (const place of [sessionStorage, localStorage]) {
      for (const key of keys(place)) place.removeItem(key);
    }
  }

  close() {
    this.#closed = true;
  }
}

const keys = (place) => Object.keys(place).filter((key) => key.startsWith(PREFIX));

/** Forget what was asked; how the page looks stays. */
export function forget() {
  for (const key of keys(sessionStorage)) sessionStorage.removeItem(key);
}

/**
 * Writes the tabs GraphiQL opens with: those left behind, else the examples. With `refill`, an
 * example whose variables nobody changed takes those of this viewer; a query that came with the
 * link is opened in front.
 */
export function lay(shelf, tenants, link, refill) {
  const values = { ...known(tenants), ...link.values };
  const left = read(shelf);
  const tabs = (left?.tabs ?? EXAMPLES.map((query) => tab(query, ""))).map((old) => {
    const untouched = EXAMPLES.includes(old.query) && (old.variables ?? "") === (old.laid ?? "");
    return untouched && (refill || !left) ? tab(old.query, fill(old.query, values)) : old;
  });
  let active = Math.min(left?.activeTabIndex ?? 0, tabs.length - 1);
  if (link.query) {
    active = tabs.push(tab(link.query, link.variables ?? fill(link.query, values))) - 1;
  }
  // GraphiQL shows the tab whose query and variables equal these two.
  shelf.setItem(`${PREFIX}query`, tabs[active].query ?? "");
  shelf.setItem(`${PREFIX}variables`, tabs[active].variables ?? "");
  shelf.setItem(`${PREFIX}tabState`, JSON.stringify({ activeTabIndex: active, tabs }));
}

function read(shelf) {
  try {
    const left = JSON.parse(shelf.getItem(`${PREFIX}tabState`));
    return left?.tabs?.length ? left : null;
  } catch {
    return null;
  }
}

/** `laid` tells later whether somebody changed the variables; GraphiQL carries it along. */
function tab(query, variables) {
  const name = /^\s*(?:query|mutation)\s+(\w+)/m.exec(query)?.[1] ?? null;
  return {
    id: crypto.randomUUID?.() ?? String(Math.random()),
    title: name ?? "Query",
    query,
    variables,
    laid: variables,
    headers: null,
    operationName: name,
    response: null,
  };
}

/** JSON of the variables that the query declares; those without a value are left to the reader. */
function fill(query, values) {
  const names = new Set([...query.matchAll(/\$(\w+)\s*:/g)].map(([, name]) => name));
  const filled = [...names].filter((name) => name in values).map((name) => [name, values[name]]);
  return filled.length ? JSON.stringify(Object.fromEntries(filled), null, 2) : "";
}

/** Values for variables by their names: of the first billable tenant, up to yesterday. */
function known(tenants) {
  const [first] = tenants;
  const today = first?.billingWindow.to ?? new Date().toISOString().slice(0, 10);
  return {
    id: first?.id ?? "ID of a tenant",
    tenant: first?.id ?? "ID of a tenant",
    externalId: first?.externalId ?? "external ID of a tenant",
    externalIds: tenants.length ? tenants.map((each) => each.externalId) : ["external ID"],
    // Today has only begun.
    date: before(today, 1),
    from: before(today, 30),
    to: before(today, 1),
  };
}

const before = (date, days) =>
  new Date(Date.parse(date) - days * DAY).toISOString().slice(0, 10);
