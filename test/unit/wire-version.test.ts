/** Requests of another release, and damaged ones, are refused with a sentence. */
import { describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { InspectPromptsRequest } from '../../contract/wire/describe.js';
import { readRequest, WIRE_VERSION } from '../../contract/wire/version.js';

function refusal(request: unknown): QschedError {
  try {
    readRequest(InspectPromptsRequest, request, 'inspectPrompts');
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a request', () => {
  test.each([
    ['of 0.1.0, which carries no version', { prompts: [] }, 'no version, as version 1 has it'],
    ['of a later release', { version: WIRE_VERSION + 1 }, `version ${WIRE_VERSION + 1}`],
    ['whose version is text', { version: String(WIRE_VERSION) }, `version "${WIRE_VERSION}"`],
    ['that is nothing', null, 'no version, as version 1 has it'],
  ])('%s is refused: both versions, and what to do', (_, request, found) => {
    const { code, message, hint } = refusal(request);
    expect(code).toBe('usage');
    expect(message).toBe(
      `The request "inspectPrompts" came with ${found}, but this worker reads version ${WIRE_VERSION}.`,
    );
    expect(hint).toContain('the same release of qsched on every machine');
  });

  test('of this version that lacks a field is refused with the name of the field', () => {
    const { message } = refusal({ version: WIRE_VERSION });
    expect(message).toMatch(/^The request "inspectPrompts" is malformed at [a-z]+: /);
  });
});
