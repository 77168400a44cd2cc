/**
 * Scoring workers as processes of their own: one that dies is started again.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../inference/models/model-roots.js';
import { QschedError } from '../../contract/errors.js';

/** How the processes are started. */
export interface ScoringProcessOptions {
  readonly processes: number;
  /** Threads of ONNX Runtime in each. */
  readonly threads: number;
  readonly models: readonly string[];
  readonly address: string;
  readonly namespace: string;
  readonly say: (line: string) => void;
}

const RESTART_MILLISECONDS = 1000;
const READY_MILLISECONDS = 120_000;
/** A worker that ends this often before it was ready will not do better the next time. */
const MAX_FALSE_STARTS = 3;

/** Scoring processes that are kept alive. */
export interface ScoringProcesses {
  /** Resolves when every one of them serves its queues. */
  readonly ready: Promise<void>;
  /** Rejects when they keep ending before they are ready. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** Starts `processes` processes of `qsched worker`; they end with this process, however it ends. */
export function startScoringProcesses(options: ScoringProcessOptions): ScoringProcesses {
  let stopping = false;
  let falseStarts = 0;
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined);
  const children = new Set<ChildProcess>();
  const ready = Promise.all(Array.from({ length: options.processes }, () => launch()));

  /** Resolves when the process, or one that takes its place, serves its queues. */
  function launch(): Promise<void> {
    return new Promise((resolve) => {
      const child = fork(
        join(packageRoot(), 'dist', 'cli', 'main.js'),
        ['worker', '--threads', String(options.threads), ...options.models.flatMap((model) => ['--model', model])],
        {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
          env: {
            ...process.env,
            TEMPORAL_ADDRESS: options.address,
            TEMPORAL_NAMESPACE: options.namespace,
            QSCHED_QUIET: '1',
          },
        },
      );
      children.add(child);
      const late = setTimeout(() => {
        fail(
          new QschedError(
            'failure',
            `A scoring worker did not start within ${READY_MILLISECONDS / 1000} s.`,
            'Try again when the machine is less busy; `npx qsched doctor` says more.',
          ),
        );
      }, READY_MILLISECONDS);
      child.once('message', () => {
        clearTimeout(late);
        falseStarts = 0;
        resolve();
      });
      child.once('exit', (code, signal) => {
        children.delete(child);
        clearTimeout(late);
        if (stopping) return resolve();
        falseStarts += 1;
        if (falseStarts > MAX_FALSE_STARTS) {
          fail(
            new QschedError(
              'failure',
              `The scoring workers keep ending (${signal ?? `code ${code}`}).`,
              'What they said is above; `npx qsched doctor` says more.',
            ),
          );
          return;
        }
        options.say(`a scoring worker ended (${signal ?? `code ${code}`}); starting another`);
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
      await Promise.all(
        [...children].map(
          (child) =>
            new Promise<void>((done) => {
              const force = setTimeout(() => child.kill('SIGKILL'), 12_000);
              child.once('exit', () => {
                clearTimeout(force);
                done();
              });
              child.kill('SIGTERM');
            }),
        ),
      );
    },
  };
}
