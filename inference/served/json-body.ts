/**
 * JSON in the body of an answer.
 */

/** What the bytes say; undefined if they are not JSON. */
export function readBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
