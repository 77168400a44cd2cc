/**
 * Every study of the paper by its name.
 */
import { z } from 'zod';
import { QschedError } from '../contract/errors.js';
import { explainIssues } from '../contract/explain-issues.js';
import { StudyOptions } from '../contract/study-spec.js';
import { suggestion } from '../contract/suggestion.js';
import { figure4 } from './figure-4.js';
import { figure5 } from './figure-5.js';
import type { Study, StudyPlan } from './study-plan.js';
import { surface } from './surface.js';
import { table1 } from './table-1.js';
import { table3 } from './table-3.js';
import { tableA10 } from './table-a10.js';
import { tableA11 } from './table-a11.js';
import { tableA3 } from './table-a3.js';
import { tableA4 } from './table-a4.js';

export const STUDIES: Readonly<Record<string, Study>> = {
  'table-1': table1,
  'table-3': table3,
  'table-4': tableA3,
  'table-a3': tableA3,
  'table-a4': tableA4,
  'table-a10': tableA10,
  'table-a11': tableA11,
  'figure-4': figure4,
  'figure-5': figure5,
  surface,
};

/** The part of a request that is validated once its study is known. */
const Request = z.strictObject({ options: StudyOptions.prefault({}) });

const EXAMPLE = 'For example: {"name": "table-1", "options": {"model": "shapes", "count": 200}}';

/**
 * The plan of a study, from anything that a user wrote.
 *
 * @throws QschedError (usage): an unknown study or option, a value that is not allowed, a model that the study does not support
 */
export function planStudy(input: unknown): { readonly plan: StudyPlan; readonly options: StudyOptions } {
  const {
    name,
    options: given,
    ...rest
  } = (typeof input === 'object' && input !== null ? input : {}) as { name?: unknown; options?: unknown };
  const other = Object.keys(rest)[0];
  if (other !== undefined) {
    throw new QschedError('usage', `Unknown key "${other}" of a study.`, suggestion(other, ['name', 'options']));
  }
  if (typeof name !== 'string' || !Object.hasOwn(STUDIES, name)) {
    throw new QschedError(
      'usage',
      `There is no study ${JSON.stringify(name) ?? 'without a name'}.`,
      suggestion(typeof name === 'string' ? name : '', Object.keys(STUDIES)),
    );
  }
  const request = { options: given ?? undefined };
  const read = Request.safeParse(request);
  if (!read.success) throw explainIssues(read.error.issues, { schema: Request, input: request, example: EXAMPLE });
  const { options } = read.data;
  return { plan: STUDIES[name]!(options), options };
}
