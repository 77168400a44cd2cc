/**
 * Links to the parts and sections that are on the page.
 */
import type { ReportDocument } from '../documents/report-document.js';
import type { SearchDocument } from '../documents/search-document.js';
import { Text } from './text.js';

type Part = ReportDocument['parts'][number];

/** What a reader may go to. */
export function Contents({ parts }: Pick<ReportDocument, 'parts'>) {
  const [only] = parts;
  return (
    <section id="contents" class="contents">
      <nav aria-label="Contents">
        <ul>
          {parts.length === 1 && only !== undefined ? (
            <Links part={only} name="p1" />
          ) : (
            <>
              <li>
                <a href="#comparison">Comparison</a>
              </li>
              {parts.map((part, i) => (
                <li>
                  <a href={`#p${i + 1}-head`}>
                    <Text>{part.kind === 'search' ? `${part.model} ${part.precision}` : part.name}</Text>
                  </a>
                </li>
              ))}
            </>
          )}
        </ul>
      </nav>
    </section>
  );
}

const Links = ({ part, name }: { readonly part: Part; readonly name: string }) => (
  <>
    {partSections(part).map(([section, title]) => (
      <li>
        <a href={`#${name}-${section}`}>{title}</a>
      </li>
    ))}
  </>
);

function partSections(part: Part): (readonly [string, string])[] {
  if (part.kind === 'search') return sectionsOf(part);
  return part.kind === 'gate' ? gateSections(part) : tableSections(part);
}

const gateSections = ({ scores, worst }: Extract<Part, { kind: 'gate' }>): (readonly [string, string])[] => [
  ...(scores.length > 0 ? [['scores', 'Scores'] as const] : []),
  ...(worst.length > 0 ? [['worst', 'Worst prompts'] as const] : []),
  ['provenance', 'Provenance'] as const,
];

/** The sections that a search has something for, by the end of their ids. */
function sectionsOf(search: SearchDocument): (readonly [string, string])[] {
  const scored = search.trials.some(
    ({ stage, number, score }) => stage === 'calibration' && number > 0 && score !== null,
  );
  const known: readonly (readonly [boolean, string, string])[] = [
    [search.verdict !== null, 'verdict', 'Verdict'],
    [search.images.length > 0, 'images', 'Images'],
    [search.schedule.finalist !== null, 'schedule', 'Coefficients'],
    [scored, 'history', 'History'],
    [
      search.surface?.slices.some(({ values }) => values.flat().some((value) => value !== null)) ?? false,
      'surface',
      'Surface',
    ],
    [search.prompts.length > 0, 'prompts', 'Prompts'],
    [search.pareto?.points.some(({ front }) => front) ?? false, 'pareto', 'Text against quality'],
    [(search.importances?.length ?? 0) > 0, 'importances', 'Importance'],
    [search.timeline.workers.length + search.timeline.spent.length > 0, 'timeline', 'Time'],
    [true, 'provenance', 'Provenance'],
  ];
  return known.flatMap(([there, section, title]) => (there ? [[section, title] as const] : []));
}

function tableSections({ rows, images, worst }: Extract<Part, { kind: 'table' }>): (readonly [string, string])[] {
  return [
    ...(rows.length > 0 ? [['table', 'Table'] as const] : []),
    ...(worst.length > 0 ? [['worst-pairs', 'Furthest pairs'] as const] : []),
    ...(images.length > 0 ? [['images', 'Images'] as const] : []),
    ['provenance', 'Provenance'] as const,
  ];
}
