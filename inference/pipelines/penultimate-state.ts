/**
 * Which output of a CLIP holds the states before its last layer.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { Component } from '../models/components.js';
import type { ModelParts } from '../models/model-parts.js';
import { readGraph } from '../models/onnx-graph.js';

/**
 * `hidden_states.<n - 1>` of n layers; state 0 is the embedding. Without a config, the only state of a graph, or the one
 * before the last of all.
 *
 * @throws QschedError (usage) if the graph does not give it
 */
export function penultimateState(parts: ModelParts, component: Component): string {
  const path = join(parts.folder, parts.file(component));
  const states = readGraph(path).outputs.flatMap(({ name }) => /^hidden_states\.(\d+)$/.exec(name)?.[1] ?? []);
  const layers = parts.config(component)['num_hidden_layers'];
  const last = Math.max(...states.map(Number));
  const wanted =
    typeof layers === 'number'
      ? layers - 1
      : states.length === 1
        ? last
        : states.length === last + 1
          ? last - 1
          : undefined;
  if (wanted !== undefined && states.includes(String(wanted))) return `hidden_states.${wanted}`;
  throw new QschedError(
    'usage',
    `${path} does not give the states before its last layer${wanted === undefined ? '' : ` (the output hidden_states.${wanted})`}.`,
    'Export the whole pipeline: `optimum-cli export onnx --task text-to-image` then writes all hidden states.',
  );
}
