/**
 * Colour on terminals. NO_COLOR turns it off and FORCE_COLOR on (no-color.org, force-color.org); pipes and files get none.
 */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** A stream that text is written to. */
interface Target {
  readonly isTTY?: boolean;
}

/** Whether a stream gets colour. */
export function hasColour(stream: Target, env: NodeJS.ProcessEnv = process.env): boolean {
  const { NO_COLOR: none, FORCE_COLOR: force, TERM: term } = env;
  if (force !== undefined && force !== '') return !['0', 'false'].includes(force);
  if (none !== undefined && none !== '') return false;
  return stream.isTTY === true && term !== 'dumb';
}

/** A text in a style if the stream shows colour, else as it is. */
export const styled = (style: Style, text: string, stream: Target = process.stdout): string =>
  hasColour(stream) ? styleText(style, text) : text;

/** What a word about a state is shown in; other words are shown as they are. */
const STATES: Readonly<Record<string, Style>> = {
  ok: 'green',
  finished: 'green',
  running: 'cyan',
  paused: 'yellow',
  interrupted: 'yellow',
  cancelled: 'yellow',
  failed: 'red',
  '--': 'red',
};

/** A cell of a table, coloured by the state that it names. */
export function stateStyled(cell: string, stream: Target = process.stdout): string {
  const style = STATES[cell.replace(/\?$/, '')];
  return style === undefined ? cell : styled(style, cell, stream);
}
