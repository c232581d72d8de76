import type { ErrorCode } from './generated/enums.js';
import type { TypedDocumentString } from './generated/graphql.js';

interface AnswerError {
  message: string;
  path?: (string | number)[];
  extensions: { code: ErrorCode; [detail: string]: unknown };
}

/** What Headcount chose not to answer, or could not: `code` is for programs. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** Beside the code: `from` and `to` of DATE_OUT_OF_WINDOW, `requestId` of a fault, … */
  readonly details: Record<string, unknown>;

  constructor({ message, extensions: { code, ...details } }: AnswerError) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }
}

/** Asks one question. Every error is thrown, so whoever holds an answer holds all of it. */
export type Ask = <Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
) => Promise<Data>;

export function connect(url: string, token: () => string): Ask {
  return async (document, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token()}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    // 401, 429 and 503 carry the same errors as an answer does; only a proxy's page is not JSON.
    const answer = await response.json().catch(() => {
      throw new Error(`${url} answered ${response.status} without JSON`);
    });
    if (answer.errors) throw new Refusal(answer.errors[0]);
    return answer.data;
  };
}
