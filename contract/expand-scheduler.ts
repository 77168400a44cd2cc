/**
 * What of `scheduler` follows from the rest of a spec: a preset's fields, and the number of steps of a list.
 */
import { QschedError } from './errors.js';
import type { Path } from './explain-issues.js';
import { PRESET_NAMES, type PresetName } from './names.js';
import { PRESETS } from './presets.js';
import type { SearchSpec } from './search-spec.js';
import { stepCount } from './step-count.js';
import { suggestion } from './suggestion.js';

type Group = Readonly<Record<string, unknown>>;

/** Fields of which giving one takes the place of the others. */
const EXCLUSIVE = [
  ['sigmas', 'timesteps'],
  ['mu', 'shift'],
];

/**
 * A spec, or a row, with its scheduler spelled out. Fields that are given win over the preset's. What is not an object is
 * left to the schema.
 *
 * @param path of the group within the spec, for messages
 * @throws QschedError (usage): an unknown preset, or steps that it is not for
 */
export function expandScheduler<T>(given: T, path: Path = [], locate: (path: Path) => string = () => ''): T {
  if (!isGroup(given)) return given;
  const { preset, scheduler = {} } = given as { preset?: unknown; scheduler?: unknown };
  if (!isGroup(scheduler)) return given;
  const own = preset === undefined ? {} : presetFields(preset, scheduler, path, locate);
  const expanded = { ...own, ...scheduler };
  const { steps = listLength(expanded) } = expanded as Group;
  if (preset === undefined && steps === scheduler['steps']) return given;
  return { ...given, scheduler: { ...expanded, ...(steps === undefined ? {} : { steps }) } };
}

/** Lists of one number per step. @throws QschedError (usage) if one has another length */
export function checkStepLists({ steps, ...lists }: SearchSpec['scheduler'], path: Path, place: string): void {
  for (const field of ['sigmas', 'timesteps'] as const) {
    const length = lists[field]?.length;
    if (length === undefined || length === steps) continue;
    throw new QschedError(
      'usage',
      `${place}${[...path, 'scheduler', field].join('.')} has ${length} numbers, but scheduler.steps is ${steps}.`,
      `Give one per step, without the final 0, or leave scheduler.steps out.`,
    );
  }
}

/** What a preset gives beside the fields of `scheduler`. */
function presetFields(name: unknown, scheduler: Group, path: Path, locate: (path: Path) => string): Group {
  const where = (field: string): string => [...path, field].join('.');
  if (!isPreset(name)) {
    throw new QschedError(
      'usage',
      `${locate([...path, 'preset'])}${where('preset')} is ${JSON.stringify(name)}, which is not a preset.`,
      suggestion(String(name), [...PRESET_NAMES]),
    );
  }
  const { steps: allowed, scheduler: own } = PRESETS[name];
  const steps = scheduler['steps'] ?? listLength(scheduler) ?? allowed[0];
  const listed = listLength(scheduler) !== undefined;
  if (typeof steps === 'number' && !listed && !allowed.includes(steps)) {
    throw new QschedError(
      'usage',
      `${locate([...path, 'scheduler', 'steps'])}${where('scheduler.steps')} is ${steps}, but the preset "${name}" is for ${[...allowed].sort((a, b) => a - b).join(', ')} ${allowed.length === 1 && allowed[0] === 1 ? 'step' : 'steps'}.`,
      `Leave the steps out for ${stepCount(allowed[0]!)}, or describe the scheduler yourself: scheduler.type and its options.`,
    );
  }
  const replaced = EXCLUSIVE.filter((fields) => fields.some((field) => scheduler[field] !== undefined)).flat();
  return { ...Object.fromEntries(Object.entries(own).filter(([field]) => !replaced.includes(field))), steps };
}

/** The number of steps that a list of timesteps or sigmas has. */
function listLength({ timesteps, sigmas }: Group): number | undefined {
  const list = [timesteps, sigmas].find(Array.isArray);
  return list?.length;
}

const isPreset = (name: unknown): name is PresetName => PRESET_NAMES.some((one) => one === name);
const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
