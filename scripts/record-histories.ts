/**
 * Records histories of real workflows for test/workflow/replay.test.ts: `npx tsx scripts/record-histories.ts` after a build.
 *
 * With names, only those histories: `... scripts/record-histories.ts match`.
 *
 * A server that suggests continue-as-new early, `qsched up` on it, and a few searches of the bundled model, a fit of PTQD
 * and one by least squares, an evaluation and a table of the paper. What names this machine or its processes is replaced.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { provideExecutable } from '../temporal/executable.js';
import { WORKFLOW_QUEUE } from '../temporal/queues.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = join(ROOT, 'test', 'golden', 'histories');
const MAX_BYTES = 300_000;

const SMALL = {
  model: 'shapes',
  scheduler: { steps: 2 },
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};

/** What is recorded: a workflow and its input, by file name. */
const RUNS: Readonly<Record<string, { readonly type: string; readonly input: object }>> = {
  'cma-es': { type: 'search', input: { ...SMALL, optimizer: { type: 'cma-es', budget: 12, batch: 4 } } },
  'one-plus-one': { type: 'search', input: { ...SMALL, optimizer: { type: 'one-plus-one', budget: 10 } } },
  // A model of the surface, races and a range that may grow.
  auto: { type: 'search', input: { ...SMALL, prompts: { count: 12, seeds: [0] }, optimizer: { budget: 16 } } },
  'grid-with-control': {
    type: 'search',
    input: {
      ...SMALL,
      coefficients: { shape: 'single-scale' },
      optimizer: { type: 'grid', budget: 9, gridPoints: 3 },
      control: 'search',
    },
  },
  'unknown-precision': { type: 'search', input: { ...SMALL, precision: 'w4a7' } },
  ptqd: { type: 'ptqd', input: { search: SMALL } },
  match: { type: 'match', input: { search: SMALL } },
  evaluate: {
    type: 'evaluate',
    input: {
      rows: [
        { model: 'shapes', precision: 'fp32', scheduler: { steps: 2 } },
        { model: 'shapes', scheduler: { steps: 2 } },
        {
          model: 'shapes',
          scheduler: { steps: 2 },
          schedule: { name: 'lower', coefficients: { sample: [0.9, 1], noise: [1, 0.9] } },
        },
      ],
      prompts: { count: 24 },
    },
  },
  gate: {
    type: 'gate',
    input: {
      reference: { model: 'shapes', precision: 'fp32', scheduler: { steps: 2 } },
      candidate: { model: 'shapes', precision: 'w4a8', scheduler: { steps: 2 } },
      scores: ['objective', 'ssim'],
      margins: { ssim: 0.5 },
      prompts: { count: 60 },
    },
  },
  reproduce: { type: 'reproduce', input: { name: 'table-a11', options: { count: 24, budget: 8 } } },
};

/**
 * A history as plain JSON that `Worker.runReplayHistory` takes once its `base64` is read back: the SDK's own conversion
 * needs one single copy of protobufjs, which no package manager promises. Replaces identities, stack traces, and the
 * worker that a score came from.
 */
function plain(value: unknown, key = ''): unknown {
  if (value instanceof Uint8Array) return { base64: Buffer.from(anonymousPayload(value)).toString('base64') };
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value === 'object' && value !== null) {
    if ('toNumber' in value && typeof value.toNumber === 'function') return (value.toNumber as () => number)();
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== null && inner !== undefined)
        .map(([name, inner]) => [name, plain(inner, name)]),
    );
  }
  if (key === 'stackTrace') return '';
  if (key === 'identity' || (typeof value === 'string' && /^\d+@/.test(value))) return 'worker';
  return value;
}

/** Names of workers, in order of appearance: how many there were stays visible. */
const workers = new Map<string, string>();

function anonymousPayload(data: Uint8Array): Uint8Array {
  const text = Buffer.from(data).toString('utf8');
  if (!text.startsWith('{') && !text.startsWith('[') && !text.startsWith('"')) return data;
  return Buffer.from(
    text.replaceAll(/\b\d+@[\w.-]+/g, (worker) => {
      const name = workers.get(worker) ?? `worker-${workers.size + 1}`;
      workers.set(worker, name);
      return name;
    }),
  );
}

async function main(): Promise<void> {
  const { path } = await provideExecutable({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'],
    },
  });
  const data = mkdtempSync(join(tmpdir(), 'qsched-histories-'));
  const up = spawn(process.execPath, [join(ROOT, 'dist', 'cli', 'main.js'), 'up', '--model', 'shapes'], {
    env: { ...process.env, TEMPORAL_ADDRESS: env.address, QSCHED_DATA: data },
    stdio: 'inherit',
  });
  mkdirSync(OUTPUT, { recursive: true });
  try {
    const wanted = process.argv.slice(2);
    for (const [name, { type, input }] of Object.entries(RUNS)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const handle = await env.client.workflow.start(type, {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: name,
        args: [input],
      });
      await handle.result().catch((error: unknown) => {
        if (!name.startsWith('unknown')) throw error;
      });
      let run: string | undefined = handle.firstExecutionRunId;
      for (let part = 1; run !== undefined && run !== ''; part += 1) {
        const history = await env.client.workflow.getHandle(name, run).fetchHistory();
        const text = `${JSON.stringify(plain(history))}\n`;
        if (text.length > MAX_BYTES) throw new Error(`the history of ${name} has ${text.length} bytes`);
        writeFileSync(join(OUTPUT, `${name}-${part}.json`), text);
        run = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
      }
    }
  } finally {
    up.kill('SIGTERM');
    await new Promise((done) => {
      up.once('exit', done);
    });
    await env.teardown();
    rmSync(data, { recursive: true, force: true });
  }
}

await main();
process.exit(0);
