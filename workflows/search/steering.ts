/**
 * What people change about a search while it runs (contract/steering.ts), and where it takes effect. Every change is stored
 * as soon as it is accepted, and once more, with its place in the order of the candidates, before it takes effect. What a
 * search that is rebuilt from the database has of them takes effect at the same places.
 *
 * Without a change nothing here waits or calls an activity: such histories replay as before.
 */
import { condition } from '@temporalio/workflow';
import type { Cut, SteeringRow, SteeringStep } from '../../contract/steering.js';
import type { SearchProgress } from '../../contract/search-result.js';
import { storeActivities } from '../activities.js';

const { max } = Math;

type StopRow = Extract<SteeringRow, { readonly kind: 'stop' }>;

/** Plain JSON, carried through continue-as-new. */
export interface SteeringState {
  readonly rows: readonly SteeringRow[];
  /** Candidates that are stored already: no change takes effect before them. */
  readonly notBefore: number;
  /** The budget once every extension has taken effect. */
  readonly target: number;
  readonly paused: boolean;
  /** Priority key of what is scored; null: that of the workflow. */
  readonly priority: number | null;
}

/** The changes of one search. */
export class Steering {
  private rows: readonly SteeringRow[] = [];
  private notBefore = 0;
  private writing = 0;
  /** Whether changes to the candidates are taken: from the first score to the last ask. */
  private phase: 'before' | 'open' | 'over' = 'before';
  target = 0;
  paused = false;
  priority: number | null = null;

  constructor(private readonly searchId: string) {}

  /** From here on changes are taken. @param budget that of the run's input */
  open({ rows, notBefore, target, paused, priority }: Partial<SteeringState>, budget: number): void {
    this.rows = rows ?? [];
    this.notBefore = notBefore ?? 0;
    const extended = this.rows.map((row) => (row.kind === 'extend' ? row.to : 0));
    this.target = max(budget, target ?? 0, ...extended);
    this.paused ||= paused ?? false;
    this.priority ??= priority ?? null;
    this.phase = 'open';
  }

  /** From here on the candidates are what they are. */
  close(): void {
    this.phase = 'over';
  }

  get stage(): 'before' | 'open' | 'over' {
    return this.phase;
  }

  /** What the query `progress` says of it. */
  shown(): Pick<SearchProgress, 'paused' | 'stopping' | 'priority'> {
    return {
      ...(this.paused ? { paused: true } : {}),
      ...(this.stop === null ? {} : { stopping: true }),
      ...(this.priority === null ? {} : { priority: this.priority }),
    };
  }

  carried(): SteeringState {
    const { rows, notBefore, target, paused, priority } = this;
    return { rows, notBefore, target, paused, priority };
  }

  /** Takes a change in. Resolves when it is stored. */
  async add(step: SteeringStep): Promise<void> {
    const sequence = (this.rows.at(-1)?.sequence ?? 0) + 1;
    this.rows = [...this.rows, { ...step, sequence, after: null }];
    if (step.kind === 'extend') this.target = step.to;
    this.writing += 1;
    try {
      await storeActivities(0).steer({ searchId: this.searchId, sequence, step });
    } catch (error) {
      this.rows = this.rows.filter((row) => row.sequence !== sequence);
      throw error;
    } finally {
      this.writing -= 1;
    }
  }

  /** The budget when so many candidates are told. */
  budgetAt(told: number): number {
    const waiting = this.rows.find((row) => row.kind === 'extend' && (row.after === null || row.after > told));
    return waiting?.kind === 'extend' ? waiting.from : this.target;
  }

  /** The stop that is in force; a later extension has made it void. */
  get stop(): StopRow | null {
    const last = this.rows.filter(({ kind }) => kind !== 'enqueue').at(-1);
    return last?.kind === 'stop' ? last : null;
  }

  /** Whether a stop waits for its place: no further block of these candidates is given out. */
  halted(told: number): boolean {
    return this.phase === 'open' && this.stop?.after === null && told >= this.notBefore;
  }

  /** Candidates that were put in by hand and have no place yet. */
  get waiting(): number {
    return this.rows.filter(({ kind, after }) => kind === 'enqueue' && after === null).length;
  }

  /** Between two generations: waits while the search is paused, then lets extensions take effect. */
  async boundary(told: number): Promise<void> {
    if (this.paused) await condition(() => !this.paused);
    while (this.writing > 0 || this.ready('extend', told).length > 0) {
      await condition(() => this.writing === 0);
      await this.settle(this.ready('extend', told), told);
    }
  }

  /** Whether there is a change to wait for or to make before the search may end. */
  changed(told: number): boolean {
    return this.writing > 0 || this.paused || this.halted(told) || this.ready('extend', told).length > 0;
  }

  /** The stop that ends the search when so many candidates are told, also in the middle of the next generation. */
  async stopAt(told: number): Promise<StopRow | null> {
    if (this.halted(told)) await this.settleStop(told);
    return this.stop?.after === told ? this.stop : null;
  }

  /** Gives the waiting stop its place. */
  async settleStop(told: number, cut?: Cut): Promise<void> {
    const { stop } = this;
    if (stop?.after !== null) return;
    await this.settle([stop], told, cut);
  }

  /**
   * The candidates that were put in by hand for the next generation.
   *
   * @param count size of the generation
   */
  async place(told: number, count: number): Promise<readonly (readonly number[])[]> {
    const placed = (): SteeringRow[] => this.rows.filter(({ kind, after }) => kind === 'enqueue' && after === told);
    const room = max(0, count - placed().length);
    const next = this.ready('enqueue', told).slice(0, room);
    if (next.length > 0) await this.settle(next, told);
    return placed().flatMap((row) => (row.kind === 'enqueue' ? [row.point] : []));
  }

  private ready(kind: SteeringRow['kind'], told: number): SteeringRow[] {
    if (told < this.notBefore) return [];
    return this.rows.filter((row) => row.kind === kind && row.after === null);
  }

  private async settle(rows: readonly SteeringRow[], after: number, cut?: Cut): Promise<void> {
    if (rows.length === 0) return;
    if (this.writing > 0) await condition(() => this.writing === 0);
    const sequences = rows.map(({ sequence }) => sequence);
    const place = { searchId: this.searchId, sequences, after };
    await storeActivities(0).settleSteering(cut === undefined ? place : { ...place, cut });
    this.rows = this.rows.map((row) => {
      if (!sequences.includes(row.sequence)) return row;
      return row.kind === 'stop' ? { ...row, after, cut: cut ?? row.cut } : { ...row, after };
    });
  }
}
