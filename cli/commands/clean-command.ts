/**
 * `qsched clean`: removes the artefacts (images, features, tables) that were not used for the longest time.
 */
import { cleanArtefacts } from '../../artefacts/clean.js';
import { artefactUsage } from '../../artefacts/usage.js';
import { QschedError } from '../../contract/errors.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import type { Given } from '../input/flag.js';
import type { CLEAN } from '../input/flags.js';
import { formatBytes, parseBytes } from '../text/bytes.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

/** @returns the exit code */
export function cleanCommand(flags: Given<typeof CLEAN> & GlobalOptions): number {
  if (flags.maxBytes === undefined) {
    throw new QschedError('usage', '--max-bytes is missing.', 'For example: npx qsched clean --max-bytes 10GB');
  }
  const maxBytes = parseBytes('--max-bytes', flags.maxBytes);
  const folder = artefactFolder();
  if (flags.dryRun) return show(folder, maxBytes, flags);
  const { removed, kept } = cleanArtefacts(folder, maxBytes);
  if (flags.json) printJson({ folder, maxBytes, dryRun: false, removed, kept });
  else {
    print(
      `removed ${removed.count} files (${formatBytes(removed.bytes)}); ${formatBytes(kept.bytes)} remain in ${folder}`,
    );
    if (removed.count > 0) print('  what is needed again will be generated again');
  }
  return 0;
}

/** What the folder contains, and how much of it is above the limit. */
function show(folder: string, maxBytes: number, { json }: GlobalOptions): number {
  const usage = artefactUsage(folder);
  const above = Math.max(0, usage.bytes - maxBytes);
  if (json) {
    printJson({ folder, maxBytes, dryRun: true, usage, above });
    return 0;
  }
  const kinds = Object.entries(usage.kinds)
    .filter(([, { count }]) => count > 0)
    .map(([kind, { count, bytes }]) => `  ${kind}: ${count} files, ${formatBytes(bytes)}`);
  print([`${folder}: ${usage.count} files, ${formatBytes(usage.bytes)}`, ...kinds].join('\n'));
  print(
    above === 0
      ? 'nothing would be removed'
      : `${formatBytes(above)} would be removed, the least recently used files first`,
  );
  return 0;
}
