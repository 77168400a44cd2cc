/**
 * Scoring workers as separate processes; one that dies is started again.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../inference/models/model-roots.js';
import { QschedError } from '../../contract/errors.js';
import type { Serving } from './serving.js';

/** How the processes are started. */
export interface ScoringProcessOptions extends Pick<Serving, 'device' | 'batch' | 'allowServer'> {
  readonly processes: number;
  /** Threads of ONNX Runtime in each. */
  readonly threads: number;
  readonly models: readonly string[];
  readonly address: string;
  readonly namespace: string;
  /** Receives what the processes say, line by line. */
  readonly say: (line: string) => void;
}

const RESTART_MILLISECONDS = 1000;
const READY_MILLISECONDS = 120_000;
const STOP_MILLISECONDS = 12_000;
/** A worker that ends this often before it is ready will not do better the next time. */
const MAX_FALSE_STARTS = 3;
/** Exit code for wrong input: a restart cannot help. */
const USAGE = 2;

/** Scoring processes that are kept alive. */
export interface ScoringProcesses {
  /** Resolves when all of them serve their queues. */
  readonly ready: Promise<void>;
  /** Rejects if they keep ending before they are ready. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** Starts `processes` processes of `qsched worker`. They end with this process, however it ends. */
export function startScoringProcesses(options: ScoringProcessOptions): ScoringProcesses {
  let stopping = false;
  let falseStarts = 0;
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined);
  const children = new Set<ChildProcess>();
  const said = new Set<string>();
  /** Several processes say the same of one model or device. */
  const sayOnce = (line: string): void => {
    if (!said.has(line)) options.say(line);
    said.add(line);
  };
  const ready = Promise.all(Array.from({ length: options.processes }, () => launch()));

  /** Resolves when the process, or one that replaces it, serves its queues. */
  function launch(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        const message = `A scoring worker did not start within ${READY_MILLISECONDS / 1000} s.`;
        fail(new QschedError('failure', message, 'Try again when the machine is less busy, or see npx qsched doctor.'));
      }, READY_MILLISECONDS);
      // One that says how far it is, such as with hashing, is not stuck. Once it is ready, the timer is cleared.
      let waiting = true;
      const child = startProcess({
        ...options,
        say(line) {
          if (waiting) late.refresh();
          sayOnce(line);
        },
      });
      children.add(child);
      child.once('message', () => {
        waiting = false;
        clearTimeout(late);
        falseStarts = 0;
        resolve();
      });
      // After its last line, unlike `exit`.
      child.once('close', (code, signal) => {
        children.delete(child);
        waiting = false;
        clearTimeout(late);
        if (stopping) return resolve();
        falseStarts += 1;
        const how = signal ?? `code ${code}`;
        if (code === USAGE || falseStarts > MAX_FALSE_STARTS) {
          const [error, what] =
            code === USAGE ? (['usage', 'cannot start'] as const) : (['failure', `keep ending (${how})`] as const);
          const message = `The scoring workers ${what}.`;
          fail(new QschedError(error, message, 'Their messages are above; see npx qsched doctor as well.'));
          return;
        }
        options.say(`a scoring worker ended (${how}); starting another one`);
        setTimeout(() => {
          if (stopping) resolve();
          else void launch().then(resolve);
        }, RESTART_MILLISECONDS);
      });
    });
  }

  return {
    ready: ready.then(() => undefined),
    broken,
    async stop() {
      stopping = true;
      await Promise.all([...children].map(stopProcess));
    },
  };
}

/** Its stderr comes through this process: lines of several processes would otherwise continue each other. */
function startProcess({
  threads,
  device,
  batch,
  allowServer,
  models,
  address,
  namespace,
  say,
}: ScoringProcessOptions): ChildProcess {
  const args = [
    'worker',
    '--threads',
    String(threads),
    ...(device === undefined ? [] : ['--device', device]),
    ...(batch === undefined ? [] : ['--network-batch', String(batch)]),
    ...(allowServer === true ? ['--allow-server'] : []),
    ...models.flatMap((model) => ['--model', model]),
  ];
  const child = fork(join(packageRoot(), 'dist', 'cli', 'main.js'), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, QSCHED_QUIET: '1' },
  });
  createInterface({ input: child.stderr! }).on('line', say);
  return child;
}

function stopProcess(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
    child.once('exit', () => {
      clearTimeout(force);
      done();
    });
    child.kill('SIGTERM');
  });
}
