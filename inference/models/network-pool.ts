/**
 * Networks of a process, open once for all who need them: the text encoder and decoder of a model at two precisions, or
 * the towers of a scorer under two roles.
 */
import { dirname, join } from 'node:path';
import { fileStamp } from './file-hashes.js';
import { rowsPerCall } from './network-file.js';
import { readGraph } from './onnx-graph.js';
import { openSession, type RuntimeSession, type SessionOptions } from './runtime-session.js';

interface Shared {
  readonly session: Promise<RuntimeSession>;
  users: number;
}

const open = new Map<string, Shared>();

/**
 * A session that is shared with everybody who asks for the same files, as they are now, with the same options. It is
 * closed when the last of its users releases it. With `late`, it is opened when it first runs.
 *
 * @throws QschedError (usage) if the file is not a model that the runtime takes
 */
export async function sharedSession(path: string, { late, ...options }: SessionOptions): Promise<RuntimeSession> {
  if (late !== true) return openShared(path, options);
  let opened: Promise<RuntimeSession> | undefined;
  const session = (): Promise<RuntimeSession> => (opened ??= openShared(path, options));
  return {
    batch: rowsPerCall(readGraph(path), options.batch, options.shared),
    run: async (...call) => (await session()).run(...call),
    runAll: async (...call) => (await session()).runAll(...call),
    async release() {
      const open = opened;
      opened = undefined;
      await (await open)?.release();
    },
  };
}

async function openShared(path: string, options: SessionOptions): Promise<RuntimeSession> {
  const files = [path, ...readGraph(path).externalFiles.map((file) => join(dirname(path), file))];
  const key = JSON.stringify([files.map(fileStamp), options.batch, options.threads, options.device]);
  const shared = open.get(key) ?? { session: openSession(path, options), users: 0 };
  open.set(key, shared);
  shared.users += 1;
  let released = false;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    shared.users -= 1;
    if (shared.users > 0) return;
    open.delete(key);
    await (await shared.session).release();
  };
  try {
    const { batch, run, runAll } = await shared.session;
    return { batch, run, runAll, release };
  } catch (error) {
    shared.users -= 1;
    open.delete(key);
    throw error;
  }
}
