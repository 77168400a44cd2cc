/**
 * Where a server that this process starts may listen.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An address that nobody else has. */
interface FreeAddress {
  readonly address: string;
  /** Frees what a server that was killed has left there. */
  clear(): void;
  /** Nobody will listen there any more. */
  remove(): void;
}

/** A Unix socket in a folder that only this user enters; on Windows, a free port. */
export async function freeAddress(): Promise<FreeAddress> {
  if (process.platform === 'win32') {
    return { address: `http://127.0.0.1:${await freePort()}`, clear: () => undefined, remove: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'qsched-server-'));
  const socket = join(folder, 'socket');
  return {
    address: `unix:${socket}`,
    clear: () => rmSync(socket, { force: true }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
