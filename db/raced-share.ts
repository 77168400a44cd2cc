/**
 * How many images stored races took.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { completeStored } from '../contract/spec-defaults.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

/** Trials of the optimizer, and the images that they were scored on, of all images. */
export interface RacedShare {
  readonly searches: number;
  readonly share: number;
}

const RACES = `
  select s.spec as spec, count(*) as trials, sum(t.pairs) as raced, sum(t.status = 'raced') as dropped,
         (select count(*) from search_prompts p where p.search_id = s.id and p.split = 'calibration')
           * json_array_length(s.spec, '$.prompts.seeds') as pairs
  from searches s join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number > 0
  where s.status = 'finished' and s.model = @model and s.optimizer = @optimizer and s.steps = @steps
  group by s.id order by s.created_at desc limit 50`;

interface Row {
  readonly spec: string;
  readonly trials: number;
  readonly raced: number | null;
  readonly dropped: number;
  readonly pairs: number;
}

/** Of finished searches of the same model, steps and optimizer that raced alike; null if there are none. */
export function racedShare(store: Store, { model, optimizer, scheduler, racing }: SearchSpec): RacedShare | null {
  const wanted = { model, optimizer: optimizer.type, steps: scheduler.steps };
  const rows = statement<typeof wanted, Row>(store, RACES)
    .all(wanted)
    .filter(({ spec }) => canonicalJson(completeStored(spec).racing) === canonicalJson(racing));
  if (rows.length === 0) return null;
  const images = rows.reduce(
    (sum, { trials, dropped, raced, pairs }) => sum + (trials - dropped) * pairs + (raced ?? 0),
    0,
  );
  const all = rows.reduce((sum, { trials, pairs }) => sum + trials * pairs, 0);
  return { searches: rows.length, share: images / all };
}
