/**
 * `npm run bench [-- NAME ...]`: measures, writes bench/results.json and the tables of README.md and docs/benchmarks.md, prints the table.
 */
import { surfaceBenches } from './auto-surface.js';
import { regretBenches } from './auto-regret/measure.js';
import { doorBenches } from './door-overhead.js';
import { fleetBenches } from './fleet.js';
import { gateBenches } from './gate-error.js';
import { gpBenches } from './gp-ask.js';
import { optimizerBenches } from './optimizers.js';
import { reportBenches } from './report-2500.js';
import { repairBenches } from './repair-coverage.js';
import { gainBenches } from './images-to-gain.js';
import { liveBenches } from './live-lag.js';
import { save, type BenchResult } from './results.js';
import { asTable, writePages } from './tables.js';
import { priorBenches } from './prior-safety.js';
import { throughputBenches } from './throughput.js';

/** A measurement, and the names by which it can be chosen. */
interface Bench {
  readonly names: readonly string[];
  readonly run: () => Promise<BenchResult[]>;
}

const BENCHES: readonly Bench[] = [
  ...throughputBenches,
  ...fleetBenches,
  ...repairBenches,
  ...gateBenches,
  ...doorBenches,
  ...gainBenches,
  ...gpBenches,
  ...priorBenches,
  ...surfaceBenches,
  ...optimizerBenches,
  ...liveBenches,
  ...regretBenches,
  ...reportBenches,
];

const wanted = process.argv.slice(2);
const known = [...new Set(BENCHES.flatMap(({ names }) => names))];
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}\n`);
  process.exit(2);
}
let all: BenchResult[] = [];
for (const { names, run } of BENCHES) {
  if (wanted.length > 0 && !names.some((name) => wanted.includes(name))) continue;
  process.stderr.write(`measuring ${names.join(', ')} ...\n`);
  all = save(await run());
  writePages(all);
}
process.stdout.write(`${asTable(all, 'table')}\n`);
process.exit(0);
