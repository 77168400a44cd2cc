/**
 * How fast a network was, from the work that is stored.
 */
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

/** Stored work of one network on one kind of machine. */
export interface MeasuredSpeed {
  readonly steps: number;
  /** Of these searches. */
  readonly searches: number;
  readonly images: number;
  readonly paddedRows: number;
  /** Seconds of all workers. */
  readonly workerSeconds: number;
  /** The numeric class as the contexts of these searches have it. */
  readonly numeric: Readonly<Record<string, unknown>>;
}

/** Work of searches at a precision; the control's is that of another network. Latest searches first, at most 200 of them. */
const SPEEDS = `
  with own as materialized (
    select s.id, s.steps, s.created_at,
           (select json_extract(c.provenance, '$.numeric') from search_contexts sc join contexts c on c.id = sc.context_id
            where sc.search_id = s.id and c.precision = s.precision limit 1) as numeric
    from searches s where s.model = @model and s.precision = @precision order by s.created_at desc limit 200)
  select o.steps as steps, o.numeric as numeric, count(distinct o.id) as searches, sum(w.evaluations) as images,
         sum(w.padded_rows) as paddedRows, sum(w.seconds) as workerSeconds
  from own o join work w on w.search_id = o.id and w.stage <> 'control'
  where o.numeric is not null
  group by o.steps, o.numeric having sum(w.padded_rows) > 0 order by max(o.created_at) desc`;

/** @returns one entry per number of steps and numeric class, the latest first */
export const measuredSpeeds = (store: Store, network: { model: string; precision: string }): MeasuredSpeed[] =>
  statement<typeof network, Omit<MeasuredSpeed, 'numeric'> & { readonly numeric: string }>(store, SPEEDS)
    .all(network)
    .map((row) => ({ ...row, numeric: JSON.parse(row.numeric) as MeasuredSpeed['numeric'] }));
