/**
 * The search of the full-precision network beside a search, as a child workflow.
 */
import { executeChild } from '@temporalio/workflow';
import type { SearchResult } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';

type ControlSearch = NonNullable<NonNullable<SearchResult['control']>['search']>;

/** The search of the full-precision network. */
export class Control {
  private running: Promise<ControlSearch> | null = null;

  constructor(
    private readonly searchId: string,
    private readonly spec: () => SearchSpec,
    /** Workflows that work for the search now. */
    private readonly children: Set<string>,
  ) {}

  /** Starts the search, if it does not run yet; its failure is thrown by `result`. */
  start(precision: string): void {
    if (this.running !== null) return;
    // It is compared with the search: what one of them finds must not reach the other.
    const { objective, ...spec } = this.spec();
    const { goal: _, ...gain } = objective;
    const args: [unknown] = [{ ...spec, objective: gain, precision, control: 'none', prior: 'none', start: 'none' }];
    const workflowId = `${this.searchId}-control`;
    const staticSummary = `The full-precision search beside ${this.searchId}`;
    this.children.add(workflowId);
    const child = executeChild('search', { workflowId, args, staticSummary }) as Promise<SearchResult>;
    this.running = child
      .finally(() => this.children.delete(workflowId))
      .then(({ best, identity, heldOut }) => ({ best, identity, heldOut }));
    this.running.catch(() => undefined);
  }

  /** Its result; started now if it was not before. */
  async result(precision: string): Promise<ControlSearch> {
    this.start(precision);
    return this.running!;
  }

  /** Its result once it has ended; null if it was not started. */
  async settled(): Promise<ControlSearch | null> {
    return this.running;
  }
}
