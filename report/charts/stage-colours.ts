/**
 * One colour per stage of a search, those of Okabe and Ito, which are told apart by colour-blind people.
 */

const STAGES = ['calibration', 'select', 'confirm', 'control'];

/** A CSS colour; the class `stage-<name>` has the same. */
export const stageColour = (stage: string): string => `var(--stage-${STAGES.indexOf(stage) + 1})`;

/** The number in the name of the CSS variable: 0 for what is not known here. */
export const stageNumber = (stage: string): number => STAGES.indexOf(stage) + 1;
