/**
 * Addresses of model servers: a Unix socket, or a port of this machine. Tensors and prompts do not leave the machine.
 */

/** Where to connect. */
export type ServerAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** `unix:/path` or `http://127.0.0.1:7861`; undefined for anything else. */
export function readAddress(text: string): ServerAddress | undefined {
  if (text.startsWith('unix:/')) return { socketPath: text.slice('unix:'.length) };
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, username, search } = new URL(text);
  const plain = protocol === 'http:' && pathname === '/' && username === '' && search === '' && port !== '';
  if (!plain || !LOOPBACK.includes(hostname)) return undefined;
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) };
}
