/**
 * `qsched generate`: images of one prompt, in this process: no server, no workers, nothing stored.
 */
import { availableParallelism } from 'node:os';
import { dirname, extname, join, parse } from 'node:path';
import { existsSync, writeFileSync } from 'node:fs';
import { encodeImage } from '../../artefacts/artefact-formats.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { stepCount } from '../../contract/step-count.js';
import { generateImages } from '../../inference/engine/generate-images.js';
import { parseDevice } from '../../inference/models/device.js';
import { requireLibraries } from '../../inference/models/device-needs.js';
import { withServers } from '../../inference/served/with-servers.js';
import type { Given } from '../input/flag.js';
import type { GENERATE } from '../input/flags.js';
import { names, whole } from '../input/values.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { samplingOf } from './generate-sampling.js';

/** Letters of a prompt in the name of its file. */
const MAX_NAME = 40;

/** @returns the exit code */
export async function generateCommand(flags: Given<typeof GENERATE> & GlobalOptions): Promise<number> {
  const { prompt } = flags;
  if (prompt === undefined || prompt.trim() === '') {
    throw new QschedError('usage', '--prompt is missing.', 'For example: --prompt "a red circle on a blue background"');
  }
  const seeds = seedsOf(flags.seed ?? '0');
  const paths = pathsOf(flags.output ?? `${nameOf(prompt)}.png`, seeds);
  const { device } = flags;
  if (device !== undefined) parseDevice(device);
  const { model, scheduler, steps, source, coefficients } = samplingOf(flags);
  requireLibraries(device);
  const { name, precision, options } = model;
  const { type, steps: count, eta } = scheduler;
  say(`${name} ${precision}, ${type}, ${stepCount(count)}; schedule: ${source}`);
  const started = Date.now();
  const threads = availableParallelism();
  const images = await withServers(name, { allow: flags.allowServer === true, say }, (servers) =>
    generateImages(
      { model: name, precision, options },
      steps,
      seeds.map((seed) => ({ text: prompt, seed })),
      { threads, servers, ...(device === undefined ? {} : { device }) },
    ),
  );
  const seconds = (Date.now() - started) / 1000;
  images.forEach((image, i) => write(paths[i]!, encodeImage(image)));
  const made = images.map(({ width, height }, i) => ({ seed: seeds[i]!, path: paths[i]!, width, height }));
  if (flags.json) {
    printJson({
      model: name,
      precision,
      scheduler: { type, steps: count, eta },
      schedule: source,
      coefficients,
      prompt,
      images: made,
      seconds,
    });
    return 0;
  }
  for (const { seed, path, width, height } of made) print(`wrote ${path} (${width} x ${height}, seed ${seed})`);
  return 0;
}

/** @throws QschedError (usage) for what is not a whole number, and for a seed twice */
function seedsOf(text: string): readonly number[] {
  const seeds = names(text).map((one) => whole('--seed', one, 0, Number.MAX_SAFE_INTEGER));
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw new QschedError('usage', `--seed names ${twice} twice.`, 'Remove one of them.');
  return seeds;
}

/** One file per seed: `circle.png`, or of several seeds `circle-7.png`. @throws QschedError (usage) */
function pathsOf(output: string, seeds: readonly number[]): readonly string[] {
  if (extname(output).toLowerCase() !== '.png') {
    throw new QschedError(
      'usage',
      `--output is "${output}", and images are PNG files.`,
      'For example: --output image.png',
    );
  }
  if (!existsSync(dirname(output))) {
    throw new QschedError('usage', `There is no folder ${dirname(output)}.`, 'Make it, or choose another --output.');
  }
  if (seeds.length === 1) return [output];
  const { dir, name, ext } = parse(output);
  return seeds.map((seed) => join(dir, `${name}-${seed}${ext}`));
}

const nameOf = (prompt: string): string =>
  prompt
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME)
    .replaceAll(/^-+|-+$/g, '') || 'image';

function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new QschedError('failure', `${path} cannot be written: ${messageOf(error)}`, 'Choose another --output.');
  }
}
