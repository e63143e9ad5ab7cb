import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';

const GIB = 1024 ** 3;
const NEEDED_BYTES = 3 * GIB;

/** Reason why the machine cannot be booted on this host; null if it can. */
export function whyUnavailable(): string | null {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is made for Linux on amd64';
  if (!has('apt-get')) return 'it needs apt-get (Debian or Ubuntu), to make the root file system';
  if (!overlayMounts()) return 'this machine does not let it mount an overlayfs in a mount namespace of its own';
  if (!canWriteControlGroups()) return 'it needs control groups that it may write to';
  const { bavail, bsize } = statfsSync('/var/tmp');
  if (bavail * bsize < NEEDED_BYTES) return 'it needs 3 GiB free in /var/tmp';
  return isBuilt() ? null : 'its root file system is not there: test/system/systemd-bed build makes it (500 MB)';
}

/** Tests never build it: that takes minutes, packages of the system and 500 MB. */
function isBuilt(): boolean {
  return existsSync(`${process.env.SYSTEMD_BED_DIR ?? '/var/tmp/systemd-bed'}/base/.systemd-bed`);
}

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Tests a boot, since containers differ; if it works, namespaces and mounts are allowed as well. */
function overlayMounts(): boolean {
  const script = `d=$(mktemp -d /var/tmp/overlay-test.XXXXXX) && mkdir $d/l $d/u $d/w $d/m &&
    unshare --mount sh -c "mount -t overlay overlay -o lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/m"
    rc=$?; rm -rf "$d"; exit $rc`;
  return spawnSync('sh', ['-c', script]).status === 0;
}

function canWriteControlGroups(): boolean {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts.some((mount) => /^\S+ \S+ cgroup2? rw\b/.test(mount));
}
