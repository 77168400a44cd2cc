/**
 * Scoring workers as processes of their own: one that dies is started again.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../inference/model-roots.js';

/** How the processes are started. */
export interface ScoringProcessOptions {
  readonly count: number;
  readonly models: readonly string[];
  readonly address: string;
  readonly namespace: string;
  readonly say: (line: string) => void;
}

const RESTART_MILLISECONDS = 1000;
const READY_MILLISECONDS = 120_000;

/** Scoring processes that are kept alive. */
export interface ScoringProcesses {
  /** Resolves when every one of them serves its queues. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** Starts `count` processes of `qsched worker`; they end with this process, however it ends. */
export function startScoringProcesses(options: ScoringProcessOptions): ScoringProcesses {
  let stopping = false;
  const children = new Set<ChildProcess>();
  const ready = Promise.all(Array.from({ length: options.count }, () => launch()));

  function launch(): Promise<void> {
    const child = fork(join(packageRoot(), 'dist', 'cli', 'main.js'), ['worker', ...options.models.flatMap((model) => ['--model', model])], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, TEMPORAL_ADDRESS: options.address, TEMPORAL_NAMESPACE: options.namespace, QSCHED_QUIET: '1' },
    });
    children.add(child);
    child.on('exit', (code, signal) => {
      children.delete(child);
      if (stopping) return;
      options.say(`a scoring worker ended (${signal ?? `code ${code}`}); starting another`);
      setTimeout(() => { if (!stopping) void launch().catch(() => undefined); }, RESTART_MILLISECONDS);
    });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('A scoring worker did not start within two minutes.')), READY_MILLISECONDS);
      child.once('message', () => { clearTimeout(late); resolve(); });
      child.once('exit', () => { clearTimeout(late); resolve(); });
    });
  }

  return {
    ready: ready.then(() => undefined),
    async stop() {
      stopping = true;
      await Promise.all([...children].map((child) => new Promise<void>((done) => {
        const force = setTimeout(() => child.kill('SIGKILL'), 12_000);
        child.once('exit', () => { clearTimeout(force); done(); });
        child.kill('SIGTERM');
      })));
    },
  };
}
