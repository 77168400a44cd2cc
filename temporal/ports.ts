/**
 * Free TCP ports on the loopback interface.
 */
import { connect, createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

const CONNECT_WITHIN_MS = 1_000;

/**
 * The first wanted port that is free, or any free port.
 *
 * @param wanted in order of preference
 * @param except ports that must not be returned
 */
export async function freePort(wanted: readonly number[], except: readonly number[] = []): Promise<number> {
  for (const port of wanted) {
    if (!except.includes(port) && (await tryListen(port)) !== null) return port;
  }
  for (;;) {
    const port = await tryListen(0);
    if (port !== null && !except.includes(port)) return port;
  }
}

/** Listens for a moment. @returns the port, or null if it is taken */
async function tryListen(port: number): Promise<number | null> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(null));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => answer(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

/**
 * Whether a process accepts connections at an address.
 *
 * @param address host:port
 */
export async function accepts(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  return new Promise((answer) => {
    const socket = connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      timeout: CONNECT_WITHIN_MS,
    });
    const end = (open: boolean): void => {
      socket.destroy();
      answer(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
