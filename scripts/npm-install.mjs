/**
 * What npm runs when this package is installed as a dependency, before and after the packages that it depends on run
 * their own install scripts: `node npm-install.mjs before | after`.
 *
 * - onnxruntime-node fetches CUDA libraries (NuGet, linux/x64), and fails where there is no route to them. Its script
 *   leaves alone what is there, so empty files stand in for them. With ONNXRUNTIME_NODE_INSTALL set, its script decides.
 * - onnxruntime-node and @temporalio/core-bridge carry the binaries of all platforms, some 375 MB that this one cannot
 *   load: they are removed, as are the compiler's intermediate files of better-sqlite3. QSCHED_KEEP_PLATFORMS=1 keeps them.
 *
 * Plain JavaScript without dependencies: nothing is built or installed yet. It never fails an installation, and does
 * nothing in a clone.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { platform, arch, env } = process;

/** Folder of a package, as `from` would load it; undefined if it is not installed. */
function packageFolder(name, from = import.meta.url) {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** Empty files in the place of the libraries that onnxruntime-node would fetch. */
function standInForCuda(runtime) {
  if (env.ONNXRUNTIME_NODE_INSTALL || env.npm_config_onnxruntime_node_install) return;
  const { requirements, manifests } = createRequire(import.meta.url)(join(runtime, 'script', 'install-metadata.js'));
  const binaries = join(runtime, 'bin', 'napi-v6', platform, arch);
  for (const name of requirements[`${platform}/${arch}`] ?? []) {
    for (const file of Object.keys(manifests[`${platform}/${arch}:${name}`] ?? {})) {
      const path = join(binaries, file);
      if (!existsSync(path)) writeFileSync(path, '');
    }
  }
}

/** Removes everything in `folder` but `kept`, if `kept` is there. */
function keepOnly(folder, kept) {
  if (!existsSync(join(folder, kept))) return;
  for (const name of readdirSync(folder)) {
    if (name !== kept) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The Temporal bridge's name of this platform. */
const bridgeTarget = () =>
  `${{ x64: 'x86_64', arm64: 'aarch64' }[arch]}-` +
  `${{ darwin: 'apple-darwin', linux: 'unknown-linux-gnu', win32: 'pc-windows-msvc' }[platform]}`;

function before() {
  const runtime = packageFolder('onnxruntime-node');
  if (runtime) standInForCuda(runtime);
}

function after() {
  if (env.QSCHED_KEEP_PLATFORMS) return;
  const runtime = packageFolder('onnxruntime-node');
  const binaries = runtime && join(runtime, 'bin', 'napi-v6');
  if (binaries && existsSync(join(binaries, platform, arch))) {
    keepOnly(binaries, platform);
    keepOnly(join(binaries, platform), arch);
  }
  const worker = packageFolder('@temporalio/worker');
  const bridge = worker && packageFolder('@temporalio/core-bridge', join(worker, 'package.json'));
  if (bridge) keepOnly(join(bridge, 'releases'), bridgeTarget());
  const sqlite = packageFolder('better-sqlite3');
  const release = sqlite && join(sqlite, 'build', 'Release');
  if (release && existsSync(join(release, 'better_sqlite3.node'))) keepOnly(release, 'better_sqlite3.node');
}

if (here.split(sep).includes('node_modules')) {
  try {
    if (process.argv[2] === 'before') before();
    else after();
  } catch (error) {
    process.stderr.write(`qsched: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
