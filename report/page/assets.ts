/**
 * The script and the style that are inlined into a page, and the Content-Security-Policy that lets in these and no others.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage, type PageAssets } from './bundle-page.js';

const HERE = dirname(fileURLToPath(import.meta.url));

let found: PageAssets | undefined;

/** Both, from the build if this is one. */
export function pageAssets(): PageAssets {
  found ??= existsSync(join(HERE, 'client.js'))
    ? { script: read('client.js'), style: read('style.css') }
    : bundlePage(HERE);
  return found;
}

const read = (name: string): string => readFileSync(join(HERE, name), 'utf8');

/**
 * A policy without `unsafe-inline`. A file reaches nothing; a served page also reaches its own server.
 *
 * @param live whether the page is served and follows events
 */
export function contentSecurityPolicy(live: boolean): string {
  const { script, style } = pageAssets();
  return [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    live ? "img-src 'self' data:" : 'img-src data:',
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const sha256 = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
