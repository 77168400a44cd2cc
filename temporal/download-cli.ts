/**
 * Downloads the official archive of the Temporal CLI from the address that Temporal's install script uses.
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { runChild, TELL_EVERY_MS } from './run-child.js';

/** Without an answer, or without another byte, for this long the download is given up. */
const PATIENCE_MS = 20_000;

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Downloads and unpacks a CLI binary.
 *
 * @param version without `v`, for example `1.5.1`
 * @param folder an empty folder to work in
 * @param onProgress called every 5 s with the amount received
 * @returns the path of the unpacked binary
 * @throws Error with a short reason: no route, unknown platform, archive not readable
 */
export async function downloadCli(
  version: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const archive = join(folder, 'archive');
  const abort = new AbortController();
  const stalled = (): void => abort.abort(new Error(`no data for ${PATIENCE_MS / 1000} s`));
  const patience = setTimeout(stalled, PATIENCE_MS);
  let bytes = 0;
  const ticks = setInterval(
    () => onProgress(`downloading the Temporal server, ${(bytes / 2 ** 20).toFixed(0)} MB so far (once)`),
    TELL_EVERY_MS,
  );
  try {
    const response = await fetch(archiveUrl(version), { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        patience.refresh();
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as ReadableStream), count, createWriteStream(archive), {
      signal: abort.signal,
    });
  } catch (error) {
    throw new Error(reasonOf(abort.signal.aborted ? abort.signal.reason : error), { cause: error });
  } finally {
    clearTimeout(patience);
    clearInterval(ticks);
  }
  const unpacked = await runChild('tar', ['-xf', archive, '-C', folder]);
  if (unpacked.code !== 0) throw new Error(`the archive could not be unpacked: ${unpacked.output}`);
  return join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
}

/** @internal */
export function archiveUrl(
  version: string,
  platform: string = process.platform,
  architecture: string = process.arch,
): string {
  const [system, machine] = [PLATFORMS[platform], ARCHITECTURES[architecture]];
  if (system === undefined || machine === undefined) {
    throw new Error(`there is no build for ${platform} on ${architecture}`);
  }
  return `https://temporal.download/cli/archive/v${version}?platform=${system}&arch=${machine}`;
}

/** The message is only `fetch failed`; its cause has the reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
