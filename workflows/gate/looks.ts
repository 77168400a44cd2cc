/**
 * Looks at a gate: the first one plans the others, and each renders the prompts that it adds.
 */
import type { LookResult } from '../../contract/gate-payloads.js';
import type { GateLook, GateVerdict } from '../../contract/gate-result.js';
import type { GateSpec } from '../../contract/gate-spec.js';
import { computeActivities } from '../activities.js';
import type { GateImages } from './gate-images.js';
import { artefactsElsewhere, MAX_REPAIRS } from './repairs.js';
import type { Screen } from './screen.js';

const { min } = Math;

/** Prompts of the first look, which measures what the others are planned by. */
export const PILOT_PROMPTS = 40;

type Spec = GateSpec & { readonly scores: readonly string[] };

/** How a gate ended, with its last look. */
export interface Decided {
  readonly verdict: GateVerdict;
  readonly last: LookResult;
  readonly looks: readonly GateLook[];
}

/** Renders and looks until the verdict, or until the planned prompts are used up. */
export async function lookUntilDecided(images: GateImages, spec: Spec, screen: Screen): Promise<Decided> {
  const { progress, show } = screen;
  const { most } = images;
  const looks: GateLook[] = [];
  let plan: LookResult['plan'] | null = null;
  for (let prompts = min(most, PILOT_PROMPTS); ;) {
    progress.prompts = prompts;
    progress.stage = 'render';
    await images.renderTo(prompts);
    progress.stage = 'look';
    show();
    const last: LookResult = await look(images, spec, prompts, plan);
    plan = last.plan;
    looks.push({ prompts, verdict: last.verdict });
    progress.looks = looks.length;
    progress.planned = plan.prompts;
    progress.verdict = last.verdict;
    const next = plan.looks.find((at) => at > prompts);
    if (last.verdict !== 'continue') return { verdict: last.verdict, last, looks };
    if (next === undefined || prompts === most) return { verdict: 'undecided', last, looks };
    prompts = min(next, most);
  }
}

/** One look; what has gone from the folder meanwhile is made again. */
async function look(
  images: GateImages,
  { scores, margins, spread, power, alpha, looks }: Spec,
  prompts: number,
  plan: LookResult['plan'] | null,
): Promise<LookResult> {
  const { look: take } = computeActivities();
  for (let repairs = 0; ; repairs += 1) {
    const request = {
      ...(await images.numbers()),
      spec: { scores, margins, spread, power, alpha, looks },
      prompts,
      most: images.most,
      plan,
    };
    const found = await take.executeWithOptions({ summary: `look at ${prompts} prompts` }, [request]);
    if (found.missing.length === 0) return found;
    if (repairs === MAX_REPAIRS) throw artefactsElsewhere();
    await images.repair(found.missing);
  }
}
