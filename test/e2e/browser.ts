/** A real Chromium: CHROME_PATH, or one that is on PATH. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** @throws Error where there is none */
export function browserPath(): string {
  const chosen = process.env['CHROME_PATH'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = chosen || folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
  if (path !== undefined && existsSync(path)) return path;
  throw new Error('These tests need Chromium: install it (apt-get install chromium), or set CHROME_PATH to a Chrome.');
}

/** Starts it without a window. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] });
