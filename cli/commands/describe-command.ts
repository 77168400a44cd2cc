/**
 * `qsched describe`: asks a model server what it is, and keeps the answer in the model's folder.
 */
import { findModel } from '../../inference/models/model-roots.js';
import { describeServer } from '../../inference/served/describe-server.js';
import type { Given } from '../input/flag.js';
import type { DESCRIBE } from '../input/flags.js';
import { plainModel } from '../input/model-path.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';

/** Writes described.json. @returns the exit code */
export async function describeCommand(
  model: string,
  { allowServer = false, json }: Given<typeof DESCRIBE> & GlobalOptions,
): Promise<number> {
  const name = plainModel(model);
  const { description, file, changed } = await describeServer(findModel(name), { allow: allowServer, say });
  if (json) {
    printJson({ model: name, file, changed, description });
    return 0;
  }
  const { server, pipeline, precisions, latentShape, batches, device, versions } = description;
  print(`${name}: ${pipeline} at ${Object.keys(precisions).sort().join(', ')}, latents ${latentShape.join(' x ')}`);
  print(
    `  ${server.name} ${server.version} on ${device}; rows per call: text ${batches.text}, denoiser ${batches.denoiser}, decoder ${batches.decoder}`,
  );
  print(
    `  ${Object.entries(versions)
      .map(([what, version]) => `${what} ${version}`)
      .join(', ')}`,
  );
  print(`  kept in ${file}`);
  if (changed) say('it is not what was kept before: scores of this model are those of another network from now on');
  print(`next: npx qsched search --model ${name}${allowServer ? ' --allow-server' : ''}`);
  return 0;
}
