/**
 * The bytes of an answer.
 */
import type { IncomingMessage } from 'node:http';
import type { BytePool } from './byte-pool.js';

/** A length that is believed before the bytes are there: a batch of images. What is longer is gathered as it comes. */
const BELIEVED = 2 ** 30;

/** The whole body, in bytes of the pool if the answer says its length. @throws Error if it is not whole */
export function readAnswer(answer: IncomingMessage, pool: BytePool): Promise<Uint8Array<ArrayBuffer>> {
  const told = Number(answer.headers['content-length'] ?? NaN);
  const body = told <= BELIEVED ? pool.take(told) : undefined;
  const chunks: Buffer[] = [];
  let at = 0;
  return new Promise((resolve, reject) => {
    answer.on('data', (chunk: Buffer) => {
      if (body === undefined) chunks.push(chunk);
      else body.set(chunk, at);
      at += chunk.byteLength;
    });
    answer.on('error', reject);
    answer.on('end', () => resolve(body ?? new Uint8Array(Buffer.concat(chunks))));
  });
}
