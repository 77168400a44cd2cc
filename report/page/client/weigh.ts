/**
 * Another k: which candidate wins then, from both terms of the candidates on the front. No other candidate can win at any
 * k above 0.
 */
import { find } from './find.js';

/** What the page says of the front. */
interface Front {
  /** The k of the search, or one in the middle of the front where it has none: where the slider starts. */
  readonly k: number;
  readonly kWeighs: 'text' | 'quality';
  readonly points: readonly {
    readonly trial: number;
    readonly tc: number;
    readonly iq: number;
    readonly coefficients: string;
  }[];
}

/** Lets the slider of every `[data-weigh]` choose k on a scale of powers of ten around the search's own. */
export function offerWeights(within: ParentNode): void {
  for (const box of within.querySelectorAll<HTMLElement>('[data-weigh]')) {
    const front = JSON.parse(find(box, 'script', HTMLScriptElement).text) as Front;
    const slider = find(box, 'input', HTMLInputElement);
    const shown = {
      k: find(box, '.k', HTMLElement),
      trial: find(box, '.trial', HTMLElement),
      score: find(box, '.score', HTMLElement),
      coefficients: find(box, '.coefficients', HTMLElement),
    };
    const weigh = (): void => {
      const k = front.k * 10 ** Number(slider.value);
      const score = ({ tc, iq }: Front['points'][number]): number =>
        front.kWeighs === 'text' ? k * tc + iq : tc + k * iq;
      const best = front.points.reduce((first, other) => (score(other) > score(first) ? other : first));
      const name = best.trial === 0 ? 'the baseline' : `candidate ${best.trial}`;
      const rounded = String(Number(k.toPrecision(3)));
      shown.k.textContent = rounded;
      shown.trial.textContent = name;
      shown.score.textContent = score(best).toFixed(4);
      shown.coefficients.textContent = best.coefficients;
      slider.setAttribute('aria-valuetext', `k ${rounded}: ${name}`);
      for (const dot of box.querySelectorAll('[data-trial]')) {
        dot.classList.toggle('chosen', dot.getAttribute('data-trial') === String(best.trial));
      }
    };
    slider.addEventListener('input', weigh);
    weigh();
    find(box, '.weigh', HTMLElement).hidden = false;
  }
}
