/**
 * What a command that serves a model needs besides its name.
 */
import { findModel, listModels } from '../../inference/models/model-roots.js';
import { serverCommand } from '../../inference/served/served-folder.js';

/** ` --allow-server` for a model here that is behind a server which its folder starts; else nothing. */
export const serverFlag = (model: string): string =>
  listModels().includes(model) && serverCommand(findModel(model)) !== undefined ? ' --allow-server' : '';
