/**
 * An HTTP server on loopback.
 */
import { createServer, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';

const LOOPBACK = '127.0.0.1';
/** Connections of pages that stay open; further ones are refused. */
const MAX_CONNECTIONS = 200;

/**
 * Listens at the first port that is free.
 *
 * @param ports in order of preference; 0 is any free port
 * @throws Error (EADDRINUSE, EACCES) if none can be used
 */
export async function listen(app: Hono, ports: readonly number[]): Promise<{ server: Server; port: number }> {
  const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  for (const [i, wanted] of ports.entries()) {
    const port = await listenAt(server, wanted).catch((error: Error) => {
      if (i === ports.length - 1) throw error;
      return null;
    });
    if (port !== null) return { server, port };
  }
  throw new Error('There is no port to listen at.');
}

const listenAt = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
