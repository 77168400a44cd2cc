/**
 * Files of external data that the graphs of a folder name: they decide its numbers as much as the graphs do.
 */
import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { readGraph } from './onnx-graph.js';

/**
 * @param files of the folder, relative to it; those that are .onnx are read
 * @returns what they name beyond `files`, relative to the folder, each once, in the order of the graphs
 * @throws QschedError (usage) if such a file is missing or is outside the folder, or a graph cannot be read
 */
export function externalFiles(folder: string, files: readonly string[]): string[] {
  const found = new Set<string>();
  for (const file of files) {
    if (!file.endsWith('.onnx')) continue;
    for (const location of readGraph(join(folder, file)).externalFiles) {
      const named = posix.normalize(posix.join(posix.dirname(file), location));
      if (location === '' || posix.isAbsolute(location) || named.split('/').includes('..')) {
        throw new QschedError(
          'usage',
          `${join(folder, file)} keeps weights in ${JSON.stringify(location)}, which is outside the folder ${folder}.`,
          'Export the network again with its external data beside it.',
        );
      }
      if (statSync(join(folder, named), { throwIfNoEntry: false })?.isFile() !== true) {
        throw new QschedError(
          'usage',
          `${join(folder, file)} keeps weights in ${JSON.stringify(location)}, and ${join(folder, named)} is missing.`,
          'Put the file there, or export the network again.',
        );
      }
      if (!files.includes(named)) found.add(named);
    }
  }
  return [...found];
}
