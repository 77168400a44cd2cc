/**
 * What a device needs where ONNX Runtime cannot use it: https://onnxruntime.ai/docs/execution-providers and the table of
 * platforms in onnxruntime-node 1.30.0. docs/devices.md shows the sentences.
 */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { parseDevice, type Device, type Provider } from './device.js';

/** What the sentences depend on. */
export interface Machine {
  /** As Node names it: linux, darwin, win32. */
  readonly platform: string;
  /** As Node names it: x64, arm64. */
  readonly arch: string;
  /** Whether ONNX Runtime's CUDA libraries are there; qsched's installation leaves empty files in their place. */
  readonly cudaLibraries: boolean;
}

/** Platforms for which onnxruntime-node carries a provider. */
const CARRIED: Readonly<Record<Exclude<Provider, 'cpu'>, { readonly on: RegExp; readonly where: string }>> = {
  cuda: { on: /^linux-x64$/, where: 'Linux x64' },
  webgpu: { on: /^(linux-x64|(darwin|win32)-(x64|arm64))$/, where: 'Linux x64, macOS and Windows' },
  dml: { on: /^win32-/, where: 'Windows' },
  coreml: { on: /^darwin-/, where: 'macOS' },
};

const CUDA_LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];
const INSTALL_CUDA =
  'Install them: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --foreground-scripts; docs/install.md has the rest.';

/** What to install where a provider is there and opens no session. */
const NEEDS: Readonly<Record<Exclude<Provider, 'cpu'>, string>> = {
  cuda: "Install an NVIDIA driver, CUDA 12 and cuDNN 9, with their libraries on LD_LIBRARY_PATH; nvidia-smi lists the GPUs' numbers.",
  webgpu: 'Install a GPU driver: on Linux one with Vulkan, and its loader (Debian: libvulkan1, mesa-vulkan-drivers).',
  dml: 'Install a GPU driver with DirectX 12, and the current updates of Windows.',
  coreml: 'Update macOS: CoreML needs 10.15 or newer.',
};

/** Whether ONNX Runtime's CUDA libraries are beside its binary, and not empty. */
export function hasCudaLibraries(binaries = runtimeBinaries()): boolean {
  return CUDA_LIBRARIES.every((name) => (statSync(join(binaries, name), { throwIfNoEntry: false })?.size ?? 0) > 0);
}

function runtimeBinaries(): string {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return join(root, 'bin', 'napi-v6', process.platform, process.arch);
}

const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  cudaLibraries: hasCudaLibraries(),
});

/**
 * Refuses a device whose libraries are not on this machine; looks at files alone, and opens nothing.
 *
 * @throws QschedError (usage) with what to install
 */
export function requireLibraries(text = 'cpu', machine: Machine = thisMachine()): void {
  const { provider } = parseDevice(text);
  if (provider === 'cpu') return;
  const { platform, arch, cudaLibraries } = machine;
  const { on, where } = CARRIED[provider];
  const name = `${platform}-${arch}`;
  if (!on.test(name)) {
    throw unusable(
      text,
      `ONNX Runtime's npm package has ${provider} for ${where}, and this is ${name}.`,
      elsewhere(name),
    );
  }
  if (provider === 'cuda' && !cudaLibraries) {
    throw unusable(text, 'CUDA libraries are not installed.', `${INSTALL_CUDA} Or use --device cpu.`);
  }
}

/** Error for a device on which no session opens, although its libraries are there. @param reason of ONNX Runtime */
export const cannotOpen = (text: string, { provider }: Device, reason: string): QschedError =>
  unusable(
    text,
    withoutPlace(reason),
    provider === 'cpu' ? 'See npx qsched doctor.' : `${NEEDS[provider]} Or use --device cpu.`,
  );

/** Without the place in ONNX Runtime's source and the condition, which precede what happened. */
const withoutPlace = (reason: string): string => reason.replace(/^[^]*\bwas false\. /, '').trim();

const unusable = (text: string, reason: string, hint: string): QschedError =>
  new QschedError('usage', `ONNX Runtime cannot use the device ${text} here: ${reason}`, hint);

/** Devices that a platform has. */
function elsewhere(name: string): string {
  const devices = Object.entries(CARRIED).flatMap(([provider, { on }]) => (on.test(name) ? [provider] : []));
  return `Use ${['cpu', ...devices].map((device) => `--device ${device}`).join(' or ')}.`;
}
