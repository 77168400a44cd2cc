/**
 * Where the database is.
 */
import { join } from 'node:path';
import { dataFolderPath } from '../../temporal/data-folder.js';

/** Path of the database in the data folder. Creates nothing. */
export const databasePath = (): string => join(dataFolderPath(), 'qsched.db');
