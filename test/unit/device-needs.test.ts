/** A device that does not work here ends in one sentence, with what to install. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { QschedError } from '../../contract/errors.js';
import { parseDevice } from '../../inference/models/device.js';
import { cannotOpen, hasCudaLibraries, requireLibraries, type Machine } from '../../inference/models/device-needs.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-cuda-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINUX: Machine = { platform: 'linux', arch: 'x64', cudaLibraries: false };
const ARM: Machine = { ...LINUX, arch: 'arm64' };
const MAC: Machine = { platform: 'darwin', arch: 'arm64', cudaLibraries: false };
const WINDOWS: Machine = { platform: 'win32', arch: 'x64', cudaLibraries: false };

const refusal = (device: string, machine: Machine): QschedError => {
  try {
    requireLibraries(device, machine);
  } catch (error) {
    return error as QschedError;
  }
  throw new Error(`${device} was not refused`);
};

test.each<[string, Machine, string, string]>([
  ['cuda', LINUX, 'CUDA libraries are not installed', 'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node'],
  ['cuda:1', LINUX, 'the device cuda:1 here: CUDA libraries are not installed', 'docs/install.md'],
  [
    'cuda',
    WINDOWS,
    'has cuda for Linux x64, and this is win32-x64',
    'Use --device cpu or --device webgpu or --device dml.',
  ],
  ['cuda', MAC, 'this is darwin-arm64', 'Use --device cpu or --device webgpu or --device coreml.'],
  ['webgpu', ARM, 'has webgpu for Linux x64, macOS and Windows', 'Use --device cpu.'],
  ['dml', LINUX, 'has dml for Windows', 'Use --device cpu or --device cuda or --device webgpu.'],
  ['coreml', LINUX, 'has coreml for macOS', 'Use --device cpu'],
])('%s is refused without opening anything', (device, machine, message, hint) => {
  const error = refusal(device, machine);
  expect(error).toMatchObject({ code: 'usage', final: true });
  expect(error.message).toContain(message);
  expect(error.message).not.toContain('\n');
  expect(error.hint).toContain(hint);
});

test.each<[string | undefined, Machine]>([
  [undefined, ARM],
  ['cpu', ARM],
  ['cuda', { ...LINUX, cudaLibraries: true }],
  ['cuda:3', { ...LINUX, cudaLibraries: true }],
  ['webgpu', LINUX],
  ['webgpu', MAC],
  ['dml', WINDOWS],
  ['coreml', MAC],
])('%s is not refused where its libraries are', (device, machine) => {
  expect(() => requireLibraries(device, machine)).not.toThrow();
});

test('absent CUDA libraries, and the empty files in their place, are none', () => {
  const [shared, cuda] = ['shared', 'cuda'].map((name) => join(folder, `libonnxruntime_providers_${name}.so`));
  expect(hasCudaLibraries(folder)).toBe(false);
  writeFileSync(shared!, '');
  writeFileSync(cuda!, '');
  expect(hasCudaLibraries(folder)).toBe(false);
  writeFileSync(shared!, 'library');
  expect(hasCudaLibraries(folder)).toBe(false);
  writeFileSync(cuda!, 'library');
  expect(hasCudaLibraries(folder)).toBe(true);
});

test.each([
  ['cuda:1', 'cuDNN 9'],
  ['webgpu', 'Vulkan'],
  ['dml', 'DirectX 12'],
  ['coreml', 'macOS'],
])('%s with its libraries, on which no session opens, says what it needs', (device, needed) => {
  const error = cannotOpen(device, parseDevice(device), 'no supported adapters');
  expect(error).toMatchObject({
    code: 'usage',
    message: `ONNX Runtime cannot use the device ${device} here: no supported adapters`,
  });
  expect(error.hint).toContain(needed);
  expect(error.hint).toContain('--device cpu');
});

test('the place in the source of ONNX Runtime is left out', () => {
  const reason =
    '/src/webgpu_context.cc:136 Initialize()::<lambda()> status == Success was false. No supported adapters';
  expect(cannotOpen('webgpu', parseDevice('webgpu'), reason).message).toBe(
    'ONNX Runtime cannot use the device webgpu here: No supported adapters',
  );
});
