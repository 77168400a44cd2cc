/** Plug-in scores: both examples for real, and what a broken module or server says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { declaredScores } from '../../inference/scorers/plugin.js';
import { openScorerFolder, scorerFingerprint, scorerKind } from '../../inference/scorers/scorer-folder.js';
import type { ScoredImage, Scorer } from '../../inference/scorers/scorer.js';
import { createGenerator } from '../../inference/engine/generate-blocks.js';
import { scoreCandidates } from '../../inference/engine/score-images.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { generateAll } from './generate-all.js';

const EXAMPLES = join(packageRoot(), 'examples');
const SESSION = { batch: 2, threads: 1 };
const SCORES = [
  { name: 'beauty', direction: 'higher', judges: 'quality', range: [0, 1] },
  { name: 'error', direction: 'lower', judges: 'text', range: [null, null] },
];

let root: string;
let servers: Server[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-plugins-'));
  servers = [];
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(root, { recursive: true, force: true });
});

/** A scorer folder; objects become JSON. */
function write(name: string, files: Readonly<Record<string, string | object>>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, file)), { recursive: true });
    writeFileSync(join(root, name, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const found = (name: string, roots = [root]) => openScorerFolder(name, { scorers: {} }, roots);
const open = (name: string, roots = [root]): Promise<Scorer> => {
  const folder = found(name, roots);
  return scorerKind(folder).open(folder, SESSION);
};

async function refusal(action: () => unknown): Promise<QschedError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    return error as QschedError;
  }
  throw new Error('It was taken.');
}

/** Noise of a linear congruential generator: the same image in numpy. */
function noise(width: number, height: number, seed: number): ScoredImage {
  let state = seed;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor(state / 2 ** 24);
  });
  return { image: { width, height, data }, text: `noise ${seed}` };
}
const painted = (width: number, height: number, colour: (x: number, y: number) => readonly number[]): ScoredImage => ({
  image: {
    width,
    height,
    data: Uint8Array.from(
      Array.from({ length: width * height }, (_, i) => colour(i % width, Math.floor(i / width))).flat(),
    ),
  },
  text: '',
});

const NOISE = [1, 2, 3].map((seed) => noise(9, 7, seed));

describe('the module example', () => {
  test('gives what numpy gives, and the closed forms', async () => {
    const scorer = await open('module-scorer', [EXAMPLES]);
    expect(scorer.names).toEqual(['colourfulness']);
    const grey = painted(4, 3, (x) => [50 * x, 50 * x, 50 * x]);
    const red = painted(4, 3, () => [255, 0, 0]);
    const rows = await scorer.score([...NOISE, grey, red]);
    // numpy 2, float64: sqrt(rg.std()**2 + yb.std()**2) + .3 * sqrt(rg.mean()**2 + yb.mean()**2)
    const expected = [140.83209010021594, 138.57830953222089, 140.5524965711533, 0, 0.3 * Math.hypot(255, 127.5)];
    rows.forEach((row, i) => expect(row[0]).toBeCloseTo(expected[i]!, 9));
    expect(rows).toHaveLength(5);
    await scorer.release();
  });

  test('says which way is better without running code', () => {
    expect(declaredScores(found('module-scorer', [EXAMPLES]).manifest)).toEqual([
      { name: 'colourfulness', direction: 'higher', judges: 'quality', range: [0, Infinity] },
    ]);
    expect(declaredScores({})).toEqual([]);
    expect(declaredScores({ kind: 'clip', scores: 'other' })).toEqual([]);
  });

  test('scores images of the bundled model in the engine', async () => {
    const model = openModelFolder('shapes', 'w4a8', [join(packageRoot(), 'models')]);
    const pipeline = await openPipeline(model, SESSION);
    const scorer = await open('module-scorer', [EXAMPLES]);
    const generator = createGenerator(pipeline);
    const pairs = [{ text: 'a red circle on a blue background', seed: 0 }];
    const schedule = toWireSchedule(schedulerOf(model, { type: 'tcd', steps: 1, eta: 0 }).fused());
    const candidates = [{ schedule, pairs: [0] }];
    const [[evaluation]] = (await scoreCandidates(generator, [scorer], candidates, pairs)) as [
      [{ terms: [Float64Array] }],
    ];
    const [[image]] = (await generateAll(generator, candidates, pairs)) as [[RgbImage]];
    const [[colourfulness]] = (await scorer.score([{ image, text: '' }])) as [Float64Array];
    expect(evaluation.terms[0][0]).toBe(colourfulness);
    expect(colourfulness).toBeGreaterThan(1);
    await scorer.release();
    await pipeline.release();
  });
});

describe('the HTTP example', () => {
  test('gives what scipy gives, through a process of its own', async () => {
    cpSync(join(EXAMPLES, 'http-scorer', 'scorer.json'), join(root, 'http-scorer', 'scorer.json'));
    const manifest = found('http-scorer').manifest;
    const server = spawn(process.execPath, [join(EXAMPLES, 'http-scorer', 'server.js'), '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
      write('http-scorer', { 'scorer.json': { ...manifest, url: line.replace('listening on ', ''), batch: 2 } });
      const folder = found('http-scorer');
      expect(await scorerFingerprint(folder)).toMatchObject({
        name: 'http-scorer',
        version: 'http-1',
        server: { id: 'laplacian-sharpness', version: '1' },
      });
      const checkerboard = painted(4, 4, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255] : [0, 0, 0]));
      const flat = painted(3, 3, () => [10, 20, 30]);
      const tiny = painted(2, 2, () => [0, 0, 0]);
      const rows = await (await open('http-scorer')).score([...NOISE, checkerboard, flat, tiny]);
      // scipy.ndimage.convolve of the luminance, its interior's .var(); the checkerboard's Laplacian is +-4 * 255
      [49574.58875628245, 34944.533584305296, 43725.36343170285, 1020 ** 2, 0].forEach((expected, i) =>
        expect(rows[i]![0]).toBeCloseTo(expected, 6),
      );
      expect(rows[5]![0]).toBeNaN();
      // What the server refuses is final.
      const refused = await fetch(line.replace('listening on ', ''), { method: 'POST', body: '{"images": ["x"]}' });
      expect(refused.status).toBe(400);
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  });
});

/** A module folder with its code. */
const plugin = (name: string, code: string, more: object = {}, files: Readonly<Record<string, string>> = {}): void =>
  write(name, {
    'scorer.json': { kind: 'module', version: '1', module: './score.js', scores: SCORES, ...more },
    'score.js': code,
    ...files,
  });
const GOOD =
  'export const scorer = { score: ({ images, prompts }) => ({ error: prompts.map((text) => text.length), beauty: images.map(({ data }) => data[0]) }) };';

describe('a module', () => {
  test('gives columns by name, batch by batch, with null for an image of its own', async () => {
    plugin(
      'good',
      `export const calls = [];
      export const scorer = { async score({ images, prompts }) { calls.push(images.length); return { error: Float64Array.from(prompts, () => calls.length), more: 'else', beauty: images.map(({ data }) => (data[0] === 94 ? null : data[0])) }; } };`,
    );
    let pauses = 0;
    const odd: ScoredImage = { image: { width: 1, height: 1, data: Uint8Array.of(94, 0, 0) }, text: '' };
    const rows = await (
      await open('good')
    ).score([NOISE[0]!, odd, NOISE[1]!], async () => {
      pauses += 1;
    });
    expect(rows).toEqual([Float64Array.of(60, 1), Float64Array.of(NaN, 1), Float64Array.of(60, 2)]);
    expect(pauses).toBe(2);
  });

  test.each([
    ['throws', '{ score() { throw new Error("no weights"); } }', 'score() threw: no weights.'],
    ['rejects', '{ score: async () => { throw new Error("later"); } }', 'score() threw: later.'],
    [
      'gives too few',
      '{ score: () => ({ beauty: [1], error: [1] }) }',
      'the score "beauty" has 1 numbers, expected 2, one per image.',
    ],
    [
      'gives too many',
      '{ score: () => ({ beauty: [1, 2, 3], error: [1, 2] }) }',
      'the score "beauty" has 3 numbers, expected 2',
    ],
    [
      'lacks a score',
      '{ score: () => ({ beauty: [1, 2] }) }',
      'the score "error" is missing, expected beauty, error; there is beauty.',
    ],
    [
      'gives text',
      '{ score: () => ({ beauty: [1, "2"], error: [1, 2] }) }',
      'the score "beauty" of image 1 is the string "2", expected a number',
    ],
    [
      'leaves a hole',
      '{ score: () => ({ beauty: [1, undefined], error: [1, 2] }) }',
      'the score "beauty" of image 1 is undefined',
    ],
    [
      'gives a list',
      '{ score: () => [[1, 2], [1, 2]] }',
      'the scores are a list, expected an object {"beauty": [2 numbers]}',
    ],
    ['gives nothing', '{ score: () => {} }', 'the scores are undefined'],
    [
      'gives one number',
      '{ score: () => ({ beauty: 1, error: 2 }) }',
      'the score "beauty" is the number 1, expected a list of 2 numbers',
    ],
  ])('that %s stops the batch and is tried again', async (_, code, message) => {
    plugin('broken', `export const scorer = ${code};`);
    const scorer = await open('broken');
    const error = await refusal(() => scorer.score(NOISE.slice(0, 2)));
    expect(error).toMatchObject({ code: 'failure', final: false });
    expect(error.message).toContain(message);
    expect(error.message).toContain(join(root, 'broken', 'score.js'));
  });

  test.each([
    ['no export', 'export const other = 1;', 'exports no scorer'],
    ['no function', 'export const scorer = { score: 1 };', 'exports no scorer'],
    ['a syntax error', 'export const scorer = {', 'cannot be loaded'],
    ['a throw at its top', 'throw new Error("at once");', 'cannot be loaded: at once'],
  ])('with %s is wrong input', async (_, code, message) => {
    plugin('wrong', code);
    const error = await refusal(() => open('wrong'));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(message);
  });

  test.each(['../x.js', 'a/../../x.js', '/x.js', './', '..\\x.js', ''])(
    'and its files must not leave the folder: %j',
    async (path) => {
      plugin('leaves', GOOD, { files: [path] });
      const error = await refusal(() => found('leaves'));
      expect(error.message).toContain('files.0 is');
      expect(error.message).toContain("must be a file inside the scorer's folder");
    },
  );

  test('that leaves its folder is refused, also by a link', async () => {
    plugin('leaves', GOOD, { module: '../x.js' });
    writeFileSync(join(root, 'x.js'), GOOD);
    expect((await refusal(() => found('leaves'))).message).toContain('module is "../x.js": must be a file inside');
    plugin('linked', GOOD, { module: './link.js' });
    symlinkSync(join(root, 'x.js'), join(root, 'linked', 'link.js'));
    expect((await refusal(() => found('linked'))).message).toContain("is a link out of the scorer's folder");
  });

  test('whose file is absent, a folder, or imported without being hashed is refused', async () => {
    plugin('absent', GOOD, { files: ['weights.bin'] });
    expect((await refusal(() => found('absent'))).message).toContain('lacks weights.bin');
    plugin('nested', GOOD, { files: ['./more'] }, { 'more/a.bin': '' });
    expect((await refusal(() => found('nested'))).message).toContain('is not a file');
    plugin('hidden', `import { two } from './lib/two.js';\n${GOOD}`, {}, { 'lib/two.js': 'export const two = 2;' });
    const error = await refusal(() => found('hidden'));
    expect(error.message).toContain('uses ./lib/two.js, which is not hashed');
    expect(error.hint).toContain('Add "./lib/two.js" to "files"');
  });

  test('puts every file into the key, and is loaded anew when one changes', async () => {
    const code = `import { readFileSync } from 'node:fs';
      const weight = Number(readFileSync(new URL('./weight.txt', import.meta.url), 'utf8'));
      export const scorer = { score: ({ images }) => ({ beauty: images.map(() => weight), error: images.map(() => 0) }) };`;
    plugin('weighted', code, { files: ['./weight.txt'] }, { 'weight.txt': '1' });
    expect(found('weighted').files).toEqual(['scorer.json', 'score.js', 'weight.txt']);
    const before = await scorerFingerprint(found('weighted'));
    expect((await (await open('weighted')).score(NOISE.slice(0, 1)))[0]![0]).toBe(1);
    write('weighted', { 'weight.txt': '0.25' });
    expect(await scorerFingerprint(found('weighted'))).not.toEqual(before);
    expect((await (await open('weighted')).score(NOISE.slice(0, 1)))[0]![0]).toBe(0.25);
  });

  test('that imports a file which has changed since wants a fresh process', async () => {
    plugin(
      'imports',
      `import { two } from './two.js';\nexport const scorer = { score: () => ({ beauty: [two], error: [two] }) };`,
      { files: ['./two.js'] },
      { 'two.js': 'export const two = 2;' },
    );
    expect((await (await open('imports')).score(NOISE.slice(0, 1)))[0]).toEqual(Float64Array.of(2, 2));
    write('imports', { 'two.js': 'export const two = 22;' });
    expect(await refusal(() => open('imports'))).toMatchObject({ code: 'failure', hint: 'Restart the workers.' });
  });
});

describe('scorer.json', () => {
  const [beauty, other] = SCORES;
  test.each([
    [{ scores: undefined }, 'scores is missing: must be a list of scores.'],
    [{ scores: [] }, 'scores is []: needs at least one score.'],
    [
      {
        scores: [
          { ...beauty, name: 'b' },
          { ...beauty, name: 'b' },
        ],
      },
      'scores is [{"name":"b"',
    ],
    [{ scores: [other, { ...beauty, name: 'a@b' }] }, 'scores.1.name is "a@b": must be a plain name'],
    [{ scores: [{ ...beauty, direction: 'up' }] }, 'scores.0.direction is "up": must be "higher" or "lower"'],
    [{ scores: [{ ...beauty, judges: undefined }] }, 'scores.0.judges is missing: must be "text"'],
    [{ scores: [{ ...beauty, range: [1, 0] }] }, 'scores.0.range is [1,0]: must be [low, high] with low below high.'],
    [{ scores: [{ ...beauty, range: [0] }] }, 'scores.0.range is [0]: must be [low, high]'],
    [{ scores: [{ ...beauty, unit: 'm' }] }, 'unknown key "scores.0.unit".'],
    [{ version: undefined }, 'version is missing: must be a text'],
    [{ module: './score.ts' }, 'module is "./score.ts": must be an ES module'],
    [{ file: [] }, 'unknown key "file".'],
  ])('of a module with %j is refused', async (wrong, message) => {
    plugin('odd', GOOD, wrong);
    const error = await refusal(() => found('odd'));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(`${join(root, 'odd', 'scorer.json')}: ${message}`);
    expect(error.hint).not.toBe('');
  });

  test.each([
    [{ url: undefined }, 'url is missing: must be a URL'],
    [{ url: 'ftp://host/' }, 'url is "ftp://host/": must be a URL'],
    [{ url: 'http://me:secret@host/' }, 'url is "http://***@host/": must be a URL'],
    [{ timeoutSeconds: 0 }, 'timeoutSeconds is 0: must be a number of seconds above 0, at most 300.'],
    [{ timeoutSeconds: 301 }, 'timeoutSeconds is 301'],
    [{ retries: 1.5 }, 'retries is 1.5: must be a whole number from 0 to 20.'],
    [{ batch: 0 }, 'batch is 0: must be a whole number from 1 to 1024.'],
    [{ authorizationEnv: 'Bearer x' }, 'authorizationEnv is no name: must be the name of an environment variable.'],
    [{ retrys: 1 }, 'unknown key "retrys".'],
  ])('of a server with %j is refused', async (wrong, message) => {
    write('odd', { 'scorer.json': { kind: 'http', url: 'http://127.0.0.1:1/', scores: SCORES, ...wrong } });
    expect((await refusal(() => found('odd'))).message).toContain(message);
  });

  test('is checked without asking the server', () => {
    write('quiet', { 'scorer.json': { kind: 'http', url: 'http://127.0.0.1:1/', scores: SCORES } });
    expect(found('quiet')).toMatchObject({ kind: 'http', names: ['beauty', 'error'], files: ['scorer.json'] });
  });
});

interface Request {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { images: string[]; prompts: string[] } | undefined;
}
type Answer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      readonly text?: string;
    }
  | 'never'
  | 'hang up';

const ABOUT = { id: 'fake', version: '7' };
const right = ({ body }: Request): Answer => ({
  body: {
    version: '7',
    scores: { beauty: body!.images.map((_, i) => i / 2), error: body!.prompts.map((text) => text.length) },
  },
});

/** A server that answers POSTs by their number, and GETs with ABOUT where nothing else is said. */
async function serve(
  post: (request: Request, n: number) => Answer,
  more: object = {},
  get: (n: number) => Answer = () => ({ body: ABOUT }),
): Promise<{ url: string; seen: Request[] }> {
  const seen: Request[] = [];
  const counts = { GET: 0, POST: 0 };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const method = request.method as 'GET' | 'POST';
    const one = {
      method,
      headers: request.headers,
      body: method === 'POST' ? (JSON.parse(Buffer.concat(parts).toString()) as Request['body']) : undefined,
    };
    seen.push(one);
    const n = counts[method]++;
    const answer = method === 'GET' ? get(n) : post(one, n);
    if (answer === 'never') return;
    if (answer === 'hang up') request.socket.destroy();
    else response.writeHead(answer.status ?? 200, answer.headers).end(answer.text ?? JSON.stringify(answer.body));
  };
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  servers.push(server);
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  write('served', {
    'scorer.json': { kind: 'http', url, timeoutSeconds: 20, retries: 1, batch: 2, scores: SCORES, ...more },
  });
  return { url, seen };
}
const posts = (seen: readonly Request[]): Request[] => seen.filter(({ method }) => method === 'POST');

describe('a scorer behind HTTP', () => {
  test('gets PNGs that decode to the same bytes, with their prompts, a batch at a time', async () => {
    const { seen } = await serve(right);
    let pauses = 0;
    const rows = await (
      await open('served')
    ).score(NOISE, async () => {
      pauses += 1;
    });
    expect(rows).toEqual([Float64Array.of(0, 7), Float64Array.of(0.5, 7), Float64Array.of(0, 7)]);
    expect(posts(seen).map(({ body }) => body!.prompts)).toEqual([['noise 1', 'noise 2'], ['noise 3']]);
    const sent = posts(seen)
      .flatMap(({ body }) => body!.images)
      .map((image) => decode(Buffer.from(image, 'base64')));
    sent.forEach(({ width, height, channels, depth, data }, i) => {
      expect({ width, height, channels, depth }).toEqual({ width: 9, height: 7, channels: 3, depth: 8 });
      expect(Uint8Array.from(data)).toEqual(NOISE[i]!.image.data);
    });
    expect(pauses).toBe(2);
  });

  test('that has no number for one image fails that image alone', async () => {
    await serve(() => ({ text: '{"version": "7", "scores": {"beauty": [null, 0.5], "error": [1e999, 2]}}' }));
    const rows = await (await open('served')).score(NOISE.slice(0, 2));
    expect(rows[0]!.some(Number.isFinite)).toBe(false);
    expect(rows[1]).toEqual(Float64Array.of(0.5, 2));
  });

  test.each<[string, Answer]>([
    ['answers 500', { status: 500, text: 'out of memory' }],
    ['answers 429', { status: 429, headers: { 'retry-after': '0' }, text: '' }],
    ['hangs up', 'hang up'],
  ])('that %s once is asked again', async (_, first) => {
    const { seen } = await serve((request, n) => (n === 0 ? first : right(request)));
    expect(await (await open('served')).score(NOISE.slice(0, 2))).toHaveLength(2);
    expect(posts(seen)).toHaveLength(2);
  });

  test('that never answers is given up after its time, and asked again before that', async () => {
    const { seen, url } = await serve((request, n) => (n === 0 ? 'never' : right(request)), { timeoutSeconds: 1.5 });
    const scorer = await open('served');
    expect(await scorer.score(NOISE.slice(0, 2))).toHaveLength(2);
    expect(posts(seen)).toHaveLength(2);
    const silent = await serve(() => 'never', { timeoutSeconds: 1.5 });
    const error = await refusal(async () => (await open('served')).score(NOISE.slice(0, 2)));
    expect(error).toMatchObject({
      code: 'failure',
      final: false,
      message: `POST ${silent.url} did not answer within 1.5 s (2 tries).`,
    });
    expect(error.hint).toContain('raise timeoutSeconds or lower batch');
    expect(silent.url).not.toBe(url);
  });

  test('that answers 500 for ever is a failure after its tries', async () => {
    const { url, seen } = await serve(() => ({ status: 500, text: 'out\n of memory' }));
    const error = await refusal(async () => (await open('served')).score(NOISE));
    expect(error).toMatchObject({
      code: 'failure',
      final: false,
      message: `POST ${url} answered 500: out of memory (2 tries).`,
    });
    expect(posts(seen)).toHaveLength(2);
  });

  test.each<[number, Readonly<Record<string, string>>, string]>([
    [400, {}, 'answered 400: no.'],
    [401, {}, 'answered 401: no.'],
    [307, { location: 'http://else/' }, 'answered 307, a redirect to http://else/.'],
  ])('that answers %i is not asked again, by nobody', async (status, headers, message) => {
    const { url, seen } = await serve(() => ({ status, headers, text: 'no' }));
    expect(await refusal(async () => (await open('served')).score(NOISE))).toMatchObject({
      code: 'failure',
      final: true,
      message: `POST ${url} ${message}`,
    });
    expect(posts(seen)).toHaveLength(1);
  });

  const both = (beauty: unknown, error: unknown = [1, 2]): Answer => ({
    body: { version: '7', scores: { beauty, error } },
  });
  test.each<[string, Answer, string]>([
    ['too few numbers', both([1]), 'the score "beauty" has 1 numbers, expected 2, one per image'],
    ['too many numbers', both([1, 2], [1, 2, 3]), 'the score "error" has 3 numbers, expected 2'],
    [
      'no such score',
      { body: { version: '7', scores: { beauty: [1, 2] } } },
      'the score "error" is missing, expected beauty, error; there is beauty',
    ],
    ['text', both(['1', 2]), 'the score "beauty" of image 0 is the string "1", expected a number'],
    ['no list', both(1), 'the score "beauty" is the number 1, expected a list of 2 numbers'],
    ['no scores', { body: { version: '7' } }, 'the scores are undefined, expected an object'],
    ['a list', { body: [1, 2] }, 'it is a list, expected {"version", "scores"}'],
    [
      'broken JSON',
      { text: '{"version": "7", "scores": {"beauty": [NaN, 1]' },
      'did not answer with JSON: {"version": "7"',
    ],
    ['nothing', { text: '' }, 'did not answer with JSON: nothing'],
    ['another version', { body: { version: '8', scores: {} } }, '"version" is "8", expected "7"'],
    ['no version', { body: { scores: { beauty: [1, 2], error: [1, 2] } } }, '"version" is missing, expected "7"'],
    ['another id', { body: { id: 'other', version: '7', scores: {} } }, '"id" is "other", expected "fake"'],
  ])('that answers with %s stops the batch, and says what was expected', async (_, answer, message) => {
    const { url, seen } = await serve(() => answer);
    const error = await refusal(async () => (await open('served')).score(NOISE.slice(0, 2)));
    expect(error).toMatchObject({ code: 'failure', final: false });
    expect(error.message).toContain(`POST ${url} `);
    expect(error.message).toContain(message);
    expect(posts(seen)).toHaveLength(1);
  });

  test('whose version changes fails the batch, and is asked anew by the next', async () => {
    const { seen } = await serve(
      ({ body }) => ({
        body: { version: '8', scores: { beauty: body!.images.map(() => 1), error: body!.images.map(() => 1) } },
      }),
      {},
      (n) => ({ body: { ...ABOUT, version: n === 0 ? '7' : '8' } }),
    );
    const scorer = await open('served');
    expect((await refusal(() => scorer.score(NOISE.slice(0, 2)))).hint).toContain(
      'scores of another version are stored under other keys',
    );
    expect(await scorer.score(NOISE.slice(0, 2))).toHaveLength(2);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'POST']);
  });

  test('has id and version in its key', async () => {
    let version = '7';
    await serve(right, {}, () => ({
      body: { id: 'fake', version, scores: [{ name: 'beauty', direction: 'higher' }, { name: 'error' }] },
    }));
    const seven = await scorerFingerprint(found('served'));
    expect(seven).toMatchObject({ server: { id: 'fake', version: '7' } });
    version = '8';
    expect(await scorerFingerprint(found('served'))).toEqual({ ...seven, server: { id: 'fake', version: '8' } });
  });

  test.each<[string, Answer, string]>([
    ['no version', { body: { id: 'fake' } }, '"version" is missing, expected a text that is not empty'],
    ['a number as version', { body: { id: 'fake', version: 1 } }, '"version" is 1, expected a text'],
    ['an empty id', { body: { id: '', version: '7' } }, '"id" is "", expected a text'],
    ['no object', { body: null }, 'it is null, expected {"id", "version"}'],
    [
      'another score',
      { body: { ...ABOUT, scores: [{ name: 'beauty' }] } },
      'it has no score "error", which scorer.json declares',
    ],
    [
      'another direction',
      { body: { ...ABOUT, scores: [{ name: 'beauty', direction: 'lower' }] } },
      'its score "beauty" has the direction "lower", scorer.json declares "higher"',
    ],
    ['scores as an object', { body: { ...ABOUT, scores: {} } }, '"scores" is not a list'],
  ])('that says of itself %s is refused', async (_, answer, message) => {
    const { url } = await serve(right, {}, () => answer);
    for (const action of [() => scorerFingerprint(found('served')), () => open('served')]) {
      const error = await refusal(action);
      expect(error.message).toContain(`GET ${url} answered wrongly: ${message}`);
    }
  });

  test('behind a closed port says how to start it', async () => {
    const { url } = await serve(right, { start: 'python serve.py' });
    servers[0]!.close();
    servers[0]!.closeAllConnections();
    const error = await refusal(() => scorerFingerprint(found('served')));
    expect(error).toMatchObject({
      code: 'failure',
      final: false,
      message: `GET ${url} failed: connection refused (ECONNREFUSED) (2 tries).`,
    });
    expect(error.hint).toContain(`Start it: python serve.py (in ${join(root, 'served')})`);
  });

  test('gets the secret of the environment, which no message and no key holds', async () => {
    const { seen } = await serve(() => ({ status: 403, text: 'Bearer s3cret is unknown' }), {
      authorizationEnv: 'QSCHED_TEST_SCORER_KEY',
    });
    const unset = await refusal(() => scorerFingerprint(found('served')));
    expect(unset).toMatchObject({ code: 'usage' });
    expect(unset.message).toContain('needs the environment variable QSCHED_TEST_SCORER_KEY, which is not set here');
    try {
      process.env['QSCHED_TEST_SCORER_KEY'] = 'Bearer s3cret\u00e9';
      expect((await refusal(() => open('served'))).message).not.toContain('s3cret');
      process.env['QSCHED_TEST_SCORER_KEY'] = 'Bearer s3cret';
      expect(JSON.stringify(await scorerFingerprint(found('served')))).not.toContain('s3cret');
      const error = await refusal(async () => (await open('served')).score(NOISE));
      expect(error.message).toContain('answered 403: *** is unknown');
      expect(seen.map(({ headers }) => headers.authorization)).toEqual(Array(seen.length).fill('Bearer s3cret'));
    } finally {
      delete process.env['QSCHED_TEST_SCORER_KEY'];
    }
  });

  test('is left between tries when the run is stopped', async () => {
    const { seen } = await serve(() => ({ status: 503, text: '' }), { retries: 20 });
    const scorer = await open('served');
    await expect(
      scorer.score(NOISE, async () => {
        throw new Error('Cancelled.');
      }),
    ).rejects.toThrow('Cancelled.');
    expect(posts(seen)).toHaveLength(1);
  });
});
