/**
 * The provenance of an exported file, whatever its format.
 */
import { QschedError } from '../contract/errors.js';
import { Provenance } from '../contract/provenance.js';
import { readMetadata } from './onnx/messages.js';
import { PROVENANCE_KEY } from './provenance-text.js';

/**
 * Reads it from JSON, from the metadata of an ONNX graph, or from the line of a text.
 *
 * @param where what messages call the file
 * @throws QschedError (usage) if there is none
 */
export function readProvenance(bytes: Uint8Array, where: string): Provenance {
  const found = fromText(new TextDecoder().decode(bytes)) ?? fromGraph(bytes);
  const read = Provenance.safeParse(found);
  if (read.success) return read.data;
  throw new QschedError(
    'usage',
    found === undefined
      ? `${where} carries no provenance: it was not written by \`qsched export\`.`
      : `${where}: its provenance cannot be read: ${read.error.issues[0]!.path.join('.')} ${read.error.issues[0]!.message}.`,
    'Write it again: npx qsched export --to json|diffusers|diffusers-config|onnx|comfyui|sd-cpp',
  );
}

function fromText(text: string): unknown {
  const line = new RegExp(`^[#/ ]*${PROVENANCE_KEY}: (\\{.*\\})$`, 'm').exec(text)?.[1];
  try {
    return line === undefined ? (JSON.parse(text) as { provenance?: unknown }).provenance : JSON.parse(line);
  } catch {
    return undefined;
  }
}

function fromGraph(bytes: Uint8Array): unknown {
  try {
    const text = readMetadata(bytes)[PROVENANCE_KEY];
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
