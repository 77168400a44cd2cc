/**
 * The script and the style of a page from their sources. An installed qsched has them bundled; only a clone, whose
 * development dependencies have esbuild, comes here.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Esbuild from 'esbuild';

/** What is inlined into a page. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** @param folder `report/page` of a clone. @throws Error where esbuild is missing or refuses a source */
export function bundlePage(folder: string): PageAssets {
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const built = (entry: string, format: { readonly format?: 'iife' }): string =>
    esbuild.buildSync({
      entryPoints: [join(folder, entry)],
      bundle: true,
      minify: true,
      write: false,
      target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
      charset: 'utf8',
      ...format,
    }).outputFiles[0]!.text;
  return { script: built('client/main.ts', { format: 'iife' }), style: built('style/page.css', {}) };
}
