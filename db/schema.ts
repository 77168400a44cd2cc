/**
 * The database: one row per evaluation (candidate x prompt x seed x scorer context),
 * trials, searches and provenance, and views for people who only have `sqlite3`.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** The moment of writing, UTC, to the millisecond. */
export const now = sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`;

/** Everything a score depends on beside coefficients, prompt and seed. */
export const contexts = sqliteTable('contexts', {
  /** sha256 of the provenance. */
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  scorer: text('scorer').notNull(),
  /** JSON: file hashes, schedule without coefficients, scorer version, numeric class. */
  provenance: text('provenance').notNull(),
});

export const prompts = sqliteTable('prompts', {
  /** sha256 of the text. */
  id: text('id').primaryKey(),
  text: text('text').notNull(),
});

export const candidates = sqliteTable('candidates', {
  /** sha256 of the coefficients' float64 bits. */
  id: text('id').primaryKey(),
  /** JSON array: c^x, one a step. */
  sample: text('sample').notNull(),
  /** JSON array: c^eps, one a step. */
  noise: text('noise').notNull(),
});

export const searches = sqliteTable('searches', {
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  steps: integer('steps').notNull(),
  optimizer: text('optimizer').notNull(),
  /** JSON: the whole spec, defaults filled. */
  spec: text('spec').notNull(),
  status: text('status', { enum: ['running', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed. */
  message: text('message'),
  recommend: text('recommend'),
  /** JSON: the result with the verdict. */
  result: text('result'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});

/** Which contexts a search uses: its own precision's, and the control's. */
export const searchContexts = sqliteTable('search_contexts', {
  searchId: text('search_id').notNull().references(() => searches.id),
  contextId: text('context_id').notNull().references(() => contexts.id),
}, (t) => [primaryKey({ columns: [t.searchId, t.contextId] })]);

/** The prompts of each split, in order. */
export const searchPrompts = sqliteTable('search_prompts', {
  searchId: text('search_id').notNull().references(() => searches.id),
  split: text('split', { enum: ['calibration', 'select', 'confirm'] }).notNull(),
  position: integer('position').notNull(),
  promptId: text('prompt_id').notNull().references(() => prompts.id),
}, (t) => [primaryKey({ columns: [t.searchId, t.split, t.position] })]);

export const trials = sqliteTable('trials', {
  searchId: text('search_id').notNull().references(() => searches.id),
  stage: text('stage', { enum: ['calibration', 'select', 'confirm', 'control'] }).notNull(),
  /** 0 is the identity; then in the order in which the optimizer asked. */
  number: integer('number').notNull(),
  candidateId: text('candidate_id').notNull().references(() => candidates.id),
  /** JSON array: the optimizer's own point. */
  point: text('point').notNull(),
  status: text('status', { enum: ['asked', 'ok', 'failed'] }).notNull(),
  /** The objective, mean over prompts and seeds; null while asked, or failed. */
  score: real('score'),
  /** Text compatibility, the objective's own form. */
  tc: real('tc'),
  /** Image quality, the objective's own form. */
  iq: real('iq'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
}, (t) => [primaryKey({ columns: [t.searchId, t.stage, t.number] })]);

export const evaluations = sqliteTable('evaluations', {
  /** sha256 of context, candidate, prompt and seed. */
  key: text('key').primaryKey(),
  contextId: text('context_id').notNull().references(() => contexts.id),
  candidateId: text('candidate_id').notNull().references(() => candidates.id),
  promptId: text('prompt_id').notNull().references(() => prompts.id),
  seed: integer('seed').notNull(),
  status: text('status', { enum: ['ok', 'failed'] }).notNull(),
  /** Why it failed. */
  reason: text('reason'),
  /** JSON object: raw terms by name, so that any objective can be ranked later. */
  terms: text('terms'),
  /** The search that made it; others reuse it. */
  searchId: text('search_id').notNull().references(() => searches.id),
  createdAt: text('created_at').notNull().default(now),
}, (t) => [index('evaluations_by_candidate').on(t.contextId, t.candidateId)]);

/** Schedules as things of their own: the same steps are one row, whoever made them first. */
export const schedules = sqliteTable('schedules', {
  /** sha256 of the fused steps: everything that decides the samples. */
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['identity', 'q-sched', 'ptqd', 'file'] }).notNull(),
  scheduler: text('scheduler').notNull(),
  steps: integer('steps').notNull(),
  /** What it was made for; null where it belongs to a scheduler alone. */
  model: text('model'),
  precision: text('precision'),
  /** JSON: c^x and c^eps. */
  coefficients: text('coefficients').notNull(),
  /** JSON: a, b, d, n of every step. */
  fused: text('fused').notNull(),
  /** JSON: the whole qsched-schedule/1 document. */
  document: text('document').notNull(),
  /** The search that it came from. */
  searchId: text('search_id').references(() => searches.id),
  createdAt: text('created_at').notNull().default(now),
});

/** Evaluations and studies: what was asked for, and what came out. */
export const runs = sqliteTable('runs', {
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['evaluate', 'study'] }).notNull(),
  name: text('name').notNull(),
  /** JSON: the whole spec, defaults filled. */
  spec: text('spec').notNull(),
  status: text('status', { enum: ['running', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed. */
  message: text('message'),
  /** JSON: the table. */
  result: text('result'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});

/** Best calibration candidate of every search beside its identity, and what is recommended. */
export const bestCoefficients = sqliteView('best_coefficients', {
  searchId: text('search_id'),
  model: text('model'),
  precision: text('precision'),
  steps: integer('steps'),
  optimizer: text('optimizer'),
  sample: text('sample'),
  noise: text('noise'),
  score: real('score'),
  tc: real('tc'),
  iq: real('iq'),
  identityScore: real('identity_score'),
  gain: real('gain'),
  status: text('status'),
  recommend: text('recommend'),
}).as(sql`
  select s.id as search_id, s.model as model, s.precision as precision, s.steps as steps, s.optimizer as optimizer,
         c.sample as sample, c.noise as noise, t.score as score, t.tc as tc, t.iq as iq,
         i.score as identity_score, t.score - i.score as gain, s.status as status, s.recommend as recommend
  from searches s
  join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number =
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1)
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0`);

/** How far every search is. */
export const searchProgress = sqliteView('search_progress', {
  searchId: text('search_id'),
  model: text('model'),
  precision: text('precision'),
  optimizer: text('optimizer'),
  status: text('status'),
  asked: integer('asked'),
  scored: integer('scored'),
  failed: integer('failed'),
  best: real('best'),
  identity: real('identity'),
  updatedAt: text('updated_at'),
}).as(sql`
  select s.id as search_id, s.model as model, s.precision as precision, s.optimizer as optimizer, s.status as status,
         count(t.number) as asked, sum(t.status = 'ok') as scored, sum(t.status = 'failed') as failed,
         max(t.score) as best, max(case when t.number = 0 then t.score end) as identity,
         max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
  from searches s left join trials t on t.search_id = s.id and t.stage = 'calibration'
  group by s.id`);

/** Every trial with its coefficients and the best so far. */
export const trialHistory = sqliteView('trial_history', {
  searchId: text('search_id'),
  stage: text('stage'),
  number: integer('number'),
  sample: text('sample'),
  noise: text('noise'),
  status: text('status'),
  score: real('score'),
  tc: real('tc'),
  iq: real('iq'),
  bestSoFar: real('best_so_far'),
}).as(sql`
  select t.search_id as search_id, t.stage as stage, t.number as number, c.sample as sample, c.noise as noise,
         t.status as status, t.score as score, t.tc as tc, t.iq as iq,
         max(t.score) over (partition by t.search_id, t.stage order by t.number) as best_so_far
  from trials t join candidates c on c.id = t.candidate_id`);
