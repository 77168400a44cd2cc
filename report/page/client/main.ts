/**
 * The script of a report: it adds to a page that is whole without it.
 */
import { offerComparisons } from './compare.js';
import { offerCopying } from './copy.js';
import { followEvents } from './follow.js';
import { showPixels } from './pixels.js';
import { offerWeights } from './weigh.js';

/** Everything that is offered within an element that was just shown. */
function enhance(within: ParentNode): void {
  offerComparisons(within);
  offerWeights(within);
  offerCopying(within);
  showPixels(within);
}

enhance(document);
const events = document.body.dataset['events'];
if (events !== undefined) followEvents(events, enhance);

addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});
