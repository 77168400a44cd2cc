/**
 * Bundles the script and the style of a report's page into dist/report/page/, where `report/page/assets.ts` reads them.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage } from '../report/page/bundle-page.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { script, style } = bundlePage(join(root, 'report', 'page'));
writeFileSync(join(root, 'dist', 'report', 'page', 'client.js'), script);
writeFileSync(join(root, 'dist', 'report', 'page', 'style.css'), style);
