/**
 * One colour per stage of a search, those of Okabe and Ito, which are told apart by colour-blind people.
 */

const STAGES = ['baseline', 'search', 'select', 'confirm', 'control', 'control search'];

/** The number in the name of the CSS variable and of the class of its key: 0 for what is not known here. */
export const stageNumber = (stage: string): number => STAGES.indexOf(stage) + 1;

/** A CSS colour. */
export const stageColour = (stage: string): string => `var(--stage-${stageNumber(stage)})`;
