/**
 * A scorer over HTTP: sharpness as the variance of the Laplacian (Pech-Pacheco et al. 2000) of the
 * luminance 0.299 R + 0.587 G + 0.114 B, over the pixels that have four neighbours.
 *
 * node server.js [--port 8765]
 */
import { createServer } from 'node:http';
import { decode } from 'fast-png';

/** The server's identity. Raise the version whenever a score changes: it is part of every key. */
const ABOUT = { id: 'laplacian-sharpness', version: '1', scores: [{ name: 'sharpness', direction: 'higher' }] };

function sharpness({ width, height, data }) {
  if (width < 3 || height < 3) return null; // no score: the evaluation of this image fails
  const luminance = Float64Array.from({ length: width * height }, (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2]);
  const values = [];
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      values.push(luminance[at - width] + luminance[at + width] + luminance[at - 1] + luminance[at + 1] - 4 * luminance[at]);
    }
  }
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

/** Images come as base64 PNG, 8-bit RGB. */
function scored({ images, prompts }) {
  if (!Array.isArray(images) || images.length !== prompts?.length) throw new Error('expected {"images": [base64 PNG], "prompts": [text]}, one prompt per image');
  return { version: ABOUT.version, scores: { sharpness: images.map((text) => sharpness(decode(Buffer.from(text, 'base64')))) } };
}

const server = createServer(async (request, response) => {
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    if (request.method === 'GET') answer(200, ABOUT);
    else if (request.method === 'POST') answer(200, scored(await bodyOf(request)));
    else answer(405, { error: 'GET or POST' });
  } catch (error) {
    answer(400, { error: error.message });
  }
});

const flag = process.argv.indexOf('--port');
server.listen(flag === -1 ? 8765 : Number(process.argv[flag + 1]), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
