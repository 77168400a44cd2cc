/**
 * Files beside networks. A folder in diffusers' layout has all of them; a flat one may have none, and family defaults apply.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '../models/components.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';

/** Whether networks are in folders of their own, as in `unet/model.onnx`. */
const isTree = ({ network, denoiser: { component } }: ModelParts): boolean => network.startsWith(`${component}/`);

/**
 * Those of the files that are there.
 *
 * @throws QschedError (usage) naming the first that a folder in diffusers' layout lacks
 */
export const filesBeside = (parts: ModelParts, files: readonly string[]): readonly string[] =>
  isTree(parts) ? needFiles(parts.folder, files) : files.filter((file) => existsSync(join(parts.folder, file)));

/** A network's file and its config.json. @throws QschedError (usage) as `filesBeside` */
export const withConfig = (parts: ModelParts, component: Component): readonly string[] => [
  parts.file(component),
  ...filesBeside(parts, [`${component}/config.json`]),
];
