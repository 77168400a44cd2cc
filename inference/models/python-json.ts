/**
 * JSON as Python's `json` module writes it: with NaN, Infinity and -Infinity, and perhaps a byte order mark. diffusers
 * saves `"lambda_min_clipped": -Infinity` in the scheduler_config.json of DPM-Solver, UniPC and DEIS.
 */

/** A string, which is left as it is, or a word that JavaScript's JSON does not know. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
/** Stands for NaN between the two passes; no file holds it. */
const NOT_A_NUMBER = '\u0000NaN';

/** @throws SyntaxError as JSON.parse, of the text without its byte order mark */
export function parsePythonJson(text: string): unknown {
  const plain = text.replace(/^\uFEFF/, '');
  if (!/Infinity|NaN/.test(plain)) return JSON.parse(plain);
  const numbers = plain.replace(TOKENS, (token) => {
    if (token.startsWith('"')) return token;
    return token === 'NaN' ? JSON.stringify(NOT_A_NUMBER) : token.replace('Infinity', '1e999');
  });
  return JSON.parse(numbers, (_, value: unknown) => (value === NOT_A_NUMBER ? Number.NaN : value));
}
