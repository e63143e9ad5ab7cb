import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ROOT } from '../support/program.ts';
import type { TempFolder } from '../support/temp.ts';
import { type Instruction, readStages } from './dockerfile.ts';

/** Folders of this host that replace the base image, read-only. */
const BASE_FOLDERS = ['bin', 'lib', 'lib64', 'sbin', 'usr'] as const;

/** Skip reason of the tests of the image, or false. */
export function skipWithoutNamespaces(): string | false {
  if (process.getuid?.() !== 0) return 'SKIPPED: only root can make a mount namespace';
  if (spawnSync('nsenter', ['--version']).status !== 0) return 'SKIPPED: no nsenter';
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return status === 0 ? false : 'SKIPPED: this machine permits no mount namespaces';
}

/** The tree of the image, built by the steps of the Dockerfile; this host with its Node replaces the base image. */
export class ImageTree {
  readonly root: string;
  readonly stage: readonly Instruction[];

  constructor(folder: TempFolder) {
    this.root = folder.file('root');
    const [build, final] = readStages('deploy/container/Dockerfile');
    if (build === undefined || final === undefined) throw new Error('a stage is missing');
    this.stage = final;
    const buildRoot = folder.file('build');
    for (const step of build) runBuildStep(step, buildRoot);
    for (const step of final) if (step.name === 'COPY') copy(step.args, this.root, buildRoot);
    for (const name of [...BASE_FOLDERS, 'run/rpc-dart-router', 'proc', 'dev', 'etc', 'tmp']) {
      mkdirSync(join(this.root, name), { recursive: true });
    }
    writeFileSync(join(this.root, 'node'), '');
    writeFileSync(join(this.root, 'dev/null'), '');
  }

  /**
   * A shell script for `unshare --mount --pid --fork`: mounts the tree read-only, a tmpfs of the user's at
   * /run/rpc-dart-router, and becomes `command` as that user, which is PID 1.
   */
  script(user: string, environment: Readonly<Record<string, string>>, command: readonly string[]): string {
    const [uid, gid] = user.split(':');
    const { root } = this;
    const binds = BASE_FOLDERS.map((name) => `[ ! -e /${name} ] || mount --rbind /${name} ${root}/${name}`);
    const variables = Object.entries(environment).map(([name, value]) => quote(`${name}=${value}`));
    return [
      'set -e',
      `mount --bind ${root} ${root}`,
      ...binds,
      `mount --bind ${quote(process.execPath)} ${root}/node`,
      `mount --bind /dev/null ${root}/dev/null`,
      `mount -t proc proc ${root}/proc`,
      `mount -o remount,bind,ro ${root}`,
      ...BASE_FOLDERS.map((name) => `[ ! -e /${name} ] || mount -o remount,bind,ro ${root}/${name}`),
      `mount -t tmpfs -o mode=0700,uid=${uid},gid=${gid} tmpfs ${root}/run/rpc-dart-router`,
      `exec chroot --userspec=${user} ${root} /usr/bin/env -i ${variables.join(' ')} ${command.map(quote).join(' ')}`,
    ].join('\n');
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Replaces `npm ci`, which needs the network: uses the packages installed here. */
function runBuildStep({ name, args }: Instruction, buildRoot: string): void {
  const work = join(buildRoot, 'app');
  mkdirSync(work, { recursive: true });
  if (name === 'COPY') copy(args, work, buildRoot);
  else if (name === 'RUN' && args === 'npm ci') linkPackages(join(work, 'node_modules'));
  else if (name === 'RUN') execFileSync('sh', ['-c', args], { cwd: work, stdio: 'pipe' });
  else if (name !== 'WORKDIR') throw new Error(`no such step is expected in the build stage: ${name}`);
}

/** Links the packages of the project. Their list is copied, since npm rewrites it in place. */
function linkPackages(target: string): void {
  const linked = spawnSync('cp', ['-al', `${ROOT}node_modules`, target]);
  // the temporary folder may be on another file system
  if (linked.status !== 0) execFileSync('sh', ['-c', 'rm -rf "$1" && cp -a "$0" "$1"', `${ROOT}node_modules`, target]);
  // absent in a copied node_modules; npm then reads the packages themselves
  const list = `${ROOT}node_modules/.package-lock.json`;
  rmSync(join(target, '.package-lock.json'), { force: true });
  if (existsSync(list)) cpSync(list, join(target, '.package-lock.json'));
}

/** COPY [--from=build] SOURCE… TARGET */
function copy(args: string, targetRoot: string, buildRoot: string): void {
  const words = args.split(/\s+/);
  const isFromBuild = words[0] === '--from=build';
  const sources = words.slice(isFromBuild ? 1 : 0, -1);
  const target = words.at(-1) ?? '';
  for (const source of sources) {
    const from = join(isFromBuild ? buildRoot : ROOT, source);
    const to = join(targetRoot, target.endsWith('/') ? join(target, basename(source)) : target);
    mkdirSync(dirname(to), { recursive: true });
    execFileSync('cp', ['-aT', from, to]);
  }
}
