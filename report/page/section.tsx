/**
 * A section with its heading; sections are what a live page replaces.
 */
import type { ComponentChildren } from 'preact';

/** Where a part stands in the report. */
export interface Place {
  /** Begins the ids of the part's sections, such as "p1". */
  readonly part: string;
  /** Of the part's own heading: 1 where it is the only one. */
  readonly level: 1 | 2;
}

interface SectionProps {
  readonly place: Place;
  /** Ends the id. */
  readonly name: string;
  readonly title: string;
  /** One sentence below the heading. */
  readonly lead?: ComponentChildren;
  readonly children: ComponentChildren;
}

interface HeadingProps {
  readonly level: 1 | 2 | 3 | 4;
  readonly id?: string;
  readonly children: ComponentChildren;
}

/** A heading of level 1 to 4. */
export function Heading({ level, id, children }: HeadingProps) {
  const Name = `h${level}` as const;
  return <Name id={id}>{children}</Name>;
}

/** A heading within a section. */
export const SubHeading = ({ place, children }: { readonly place: Place; readonly children: ComponentChildren }) => (
  <Heading level={place.level === 1 ? 3 : 4}>{children}</Heading>
);

/** A section of a part. */
export const Section = ({ place, name, title, lead, children }: SectionProps) => (
  <section id={`${place.part}-${name}`} class={`part ${name}`} aria-labelledby={`${place.part}-${name}-title`}>
    <Heading level={place.level === 1 ? 2 : 3} id={`${place.part}-${name}-title`}>
      {title}
    </Heading>
    {lead === undefined ? null : <p class="lead">{lead}</p>}
    {children}
  </section>
);
