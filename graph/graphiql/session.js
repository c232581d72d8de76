// Whose token the page holds, and what the service says of it.
// The token lives in sessionStorage and nowhere else: it ends with the browser tab.

const KEY = "headcount:token";
const ENDPOINT = location.pathname;
const INTRODUCTION = `query Explorer {
  viewer { id displayName role }
  tenants(first: 5, filter: { billable: true }) {
    nodes { id externalId billingWindow { from to } }
  }
}`;

export class Refused extends Error {}

export const stored = () => sessionStorage.getItem(KEY) ?? "";

export function keep(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

/** What was typed or pasted, without what people copy along with a token. */
export const cleaned = (text) => text.trim().replace(/^(authorization:\s*)?bearer\s+/i, "");

/** The answer's JSON, also of a failed query. Throws Refused on 401 and Error without an answer. */
export async function ask(token, body) {
  // fetch() would fail on such a header with words that blame the network.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Refused("Token refused: it holds spaces or characters that no token has.");
  }
  const response = await send(token, body);
  const answer = await response.json().catch(() => null);
  if (response.status === 401) throw new Refused(refusal(token));
  if (answer === null) throw new Error(`The service answered ${response.status} without JSON.`);
  return answer;
}

async function send(token, body) {
  try {
    return await fetch(ENDPOINT, {
      method: "POST",
      headers: {
        Accept: "application/graphql-response+json, application/json",
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch {
    throw new Error("The service cannot be reached. Check the connection and try again.");
  }
}

/** The viewer and the tenants that fill the examples; both as the service names them. */
export async function introduce(token) {
  const { data, errors } = await ask(token, { query: INTRODUCTION });
  if (!data?.viewer) throw new Error(errors?.[0]?.message ?? "The service did not say who you are.");
  return { viewer: data.viewer, tenants: data.tenants?.nodes ?? [] };
}

/** When the token ends, or null: an API key does not say. Only for words; the service decides. */
export function expiry(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload));
    return Number.isFinite(exp) ? new Date(exp * 1000) : null;
  } catch {
    return null;
  }
}

// The service says the same of every token it refuses, in words for whoever wrote the client.
function refusal(token) {
  const end = expiry(token);
  if (end && end < new Date()) return `Token expired ${end.toLocaleString()}. Paste a new one.`;
  return "Token refused: it is not one of this service's, or its owner may not sign in.";
}
