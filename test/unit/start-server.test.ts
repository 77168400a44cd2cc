/** Model servers that do not start, or are not what they should be: one sentence each, with what to type. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { describeServer } from '../../inference/served/describe-server.js';
import { startServers } from '../../inference/served/start-servers.js';
import { withServers } from '../../inference/served/with-servers.js';

const root = mkdtempSync(join(tmpdir(), 'qsched-start-'));
const open: Server[] = [];
let count = 0;

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(root, { recursive: true }));

/** A model folder with this server.json. */
function modelWith(place: object): string {
  const folder = join(root, `model-${(count += 1)}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'server.json'), JSON.stringify(place));
  return folder;
}

/** A command that runs a script. */
const node = (script: string): string[] => [process.execPath, '-e', script];

/** What a script needs to listen where it is told. */
const LISTEN = `.listen(process.env.QSCHED_SERVER_ADDRESS.slice('unix:'.length))`;
const answering = (text: string): string[] =>
  node(`require('http').createServer((_, r) => r.end(${JSON.stringify(text)}))${LISTEN}`);

/** An address where a server answers all requests alike. */
async function addressAnswering(status: number, text: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(text));
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function refusal(folder: string, allow = true): Promise<QschedError> {
  const error = await describeServer(folder, { allow, say: () => undefined }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(QschedError);
  return error as QschedError;
}

describe('a command', () => {
  test('of a program that is not there, such as a Python that was never installed', async () => {
    const { code, message, hint } = await refusal(modelWith({ command: ['/no/such/.venv/bin/qsched-server'] }));
    expect(code).toBe('usage');
    expect(message).toMatch(/^The server of the model "model-\d+" cannot be started: there is no program "\/no\/such/);
    expect(hint).toContain('Correct "command" in');
    expect(hint).toContain('server.json');
  });

  test('that may not be executed', async () => {
    const file = join(root, 'plain.txt');
    writeFileSync(file, '', { mode: 0o644 });
    expect((await refusal(modelWith({ command: [file] }))).message).toContain('may not be executed');
  });

  test('that ends with a sentence of its own passes it on', async () => {
    const sentence = 'serve.json: device is "cuda", but this machine has no CUDA. Use "device": "cpu".';
    const script = `console.error(${JSON.stringify(sentence)}); process.exit(2)`;
    const { message, hint } = await refusal(modelWith({ command: node(script) }));
    expect(message).toContain(`ended (code 2). Its last lines:\n  ${sentence}`);
    expect(hint).toContain('Try it by hand, in ');
    expect(hint).toContain('QSCHED_SERVER_ADDRESS=http://127.0.0.1:7861');
  });

  test('whose port is in use shows what it said', async () => {
    const taken = await addressAnswering(200, 'somebody else');
    const script = `require('http').createServer().listen(${new URL(taken).port}, '127.0.0.1')`;
    const { message } = await refusal(modelWith({ command: node(script) }));
    expect(message).toContain('ended (code 1). Its last lines:');
    expect(message).toContain('EADDRINUSE');
  });

  test('that never becomes ready is stopped, and its last lines are shown', async () => {
    const script = `for (let i = 0; i < 30; i++) console.log('loading layer ' + i); setInterval(() => {}, 1000)`;
    const { message } = await refusal(modelWith({ command: node(script), readySeconds: 1.5 }));
    expect(message).toContain('was not ready within 1.5 s. Its last lines:\n');
    expect(message).toContain('\n  loading layer 29');
    expect(message).not.toContain('layer 17');
  });

  test('that is a script: what it started is stopped with it', async () => {
    const file = join(root, 'stopped');
    const server = `process.on('SIGTERM', () => { require('fs').writeFileSync(${JSON.stringify(file)}, 'yes'); process.exit() }); setInterval(() => {}, 1000); console.log('loading')`;
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(server)}], { stdio: 'inherit' })`;
    const { message } = await refusal(modelWith({ command: node(script), readySeconds: 2 }));
    expect(message).toContain('was not ready within 2 s. Its last lines:\n  loading');
    await vi.waitFor(() => expect(existsSync(file)).toBe(true));
  });

  test('that says nothing', async () => {
    const { message } = await refusal(modelWith({ command: node('process.exit(3)') }));
    expect(message).toContain('ended (code 3). It said nothing.');
  });

  test.each([
    ['another version of the protocol', '{"protocol": 2}', 'speaks version 2 of the protocol, and this qsched 1'],
    ['no version', '{}', 'speaks no protocol version, and this qsched 1'],
    ['half a description', '{"protocol": 1, "identity": "x"}', 'describes itself wrongly at server: '],
    ['no JSON', '<html>hello</html>', 'does not describe itself in JSON: <html>hello</html>'],
  ])('whose server speaks %s', async (_, text, sentence) => {
    const { message, hint, final } = await refusal(modelWith({ command: answering(text) }));
    expect(message).toContain(sentence);
    expect(hint).toContain('docs/model-servers.md has the protocol');
    expect(final).toBe(true);
  });
});

describe('an address', () => {
  test('at which another program listens', async () => {
    const address = await addressAnswering(404, 'Not Found');
    const { message } = await refusal(modelWith({ address, retries: 0 }));
    expect(message).toContain(`at ${address} refused describe (404): Not Found`);
  });

  test('whose server has no memory left', async () => {
    const address = await addressAnswering(503, '{"error": "CUDA out of memory"}');
    const { message } = await refusal(modelWith({ address, retries: 0 }));
    expect(message).toContain('answered 503: CUDA out of memory (GET /v1/describe, 1 try)');
  });

  test('at which nobody answers', async () => {
    const server = createServer(() => undefined);
    open.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { message } = await refusal(modelWith({ address, retries: 1, timeoutSeconds: 0.2 }));
    expect(message).toContain('did not answer within 0.2 s (GET /v1/describe, 2 tries)');
  });
});

describe('whoever needs a server', () => {
  const described = {
    protocol: 1,
    identity: 'this one',
    server: { name: 'made', version: '1' },
    pipeline: 'sd15',
    precisions: { w8a8: { weights: {} } },
    latentShape: [4, 8, 8],
    pixelsPerLatent: 8,
    schedulerConfig: {},
    batches: { text: 1, denoiser: 1, decoder: 1 },
    dtype: 'F32',
    device: 'cpu',
    versions: {},
  };

  /** A described model under a root of its own. */
  function model(place: object): { name: string; folder: string } {
    const folder = modelWith(place);
    writeFileSync(join(folder, 'described.json'), JSON.stringify(described));
    process.env['QSCHED_MODELS'] = root;
    return { name: folder.slice(root.length + 1), folder };
  }
  afterEach(() => {
    delete process.env['QSCHED_MODELS'];
  });
  const allow = { allow: true, say: () => undefined };

  test('has it started for one task, and stopped after it', async () => {
    const { name } = model({ command: answering(JSON.stringify(described)) });
    const addresses = await withServers(name, allow, (servers) => Promise.resolve(servers));
    expect(addresses[name]).toMatch(/^unix:\//);
    await expect(withServers(name, { ...allow, allow: false }, () => Promise.resolve())).rejects.toThrow(
      /is behind a server that its folder starts with/,
    );
  });

  test('needs the one that was described', async () => {
    const { name } = model({ command: answering(JSON.stringify({ ...described, identity: 'a newer one' })) });
    await expect(withServers(name, allow, () => Promise.resolve())).rejects.toThrow(
      /is not the one that was described: it answers as "a newer one"/,
    );
  });

  test('has other models served where an address has another one; a command that fails ends all', async () => {
    const address = await addressAnswering(200, JSON.stringify({ ...described, identity: 'a newer one' }));
    const [changed, broken] = [model({ address }), model({ command: node('process.exit(1)') })];
    const servers = await startServers([changed.name, 'shapes'], allow);
    expect(servers.models).toEqual(['shapes']);
    expect(servers.refused[0]!.hint).toContain(`npx qsched describe ${changed.name}`);
    await servers.stop();
    await expect(startServers([broken.name, 'shapes'], allow)).rejects.toThrow(/ended \(code 1\)/);
  });
});
