/**
 * What the server refuses, and the headers of every answer. It listens on loopback, but a page of another site in the
 * same browser can reach that too: such a page must neither read nor change anything here.
 */
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { contentSecurityPolicy } from '../report/page/assets.js';
import { liveAddress } from './live-record.js';
import { sentencePage } from './sentence-page.js';

const NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Refuses other hosts. A site whose name was made to point at 127.0.0.1 (DNS rebinding) would be of one origin with these
 * pages; its name is what the browser then sends as the host.
 */
export const onlyLoopback =
  (port: () => number): MiddlewareHandler =>
  async (c, next) => {
    const host = c.req.header('host')?.toLowerCase();
    if (NAMES.some((name) => host === `${name}:${port()}`)) return next();
    const what = `This server answers to ${liveAddress(port())} only, and was called by another name or port.`;
    return c.html(sentencePage('Refused', what), 403);
  };

/** Refuses every method but GET and HEAD: nothing can be changed here. */
export const onlyReading: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
  return c.html(sentencePage('Read only', 'Nothing can be changed here: use GET or HEAD.'), 405, {
    Allow: 'GET, HEAD',
  });
};

/** No other origin may read, embed or frame an answer, and a page loads nothing but what it is made of. */
export const strictHeaders: MiddlewareHandler = async (c, next) => {
  await secure(c, next);
  c.res.headers.set('Content-Security-Policy', `${contentSecurityPolicy(true)}; frame-ancestors 'none'`);
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
};

// There is no TLS on loopback.
const secure = secureHeaders({ xFrameOptions: 'DENY', strictTransportSecurity: false });
