/**
 * Which container a cgroup path belongs to. Pure: what container engines and service managers call their cgroups is
 * knowledge about names, kept here and nowhere else.
 */
export type ContainerRuntime =
  | 'docker'
  | 'containerd'
  | 'cri-o'
  | 'podman'
  | 'ecs'
  | 'garden'
  | 'lxc'
  | 'nspawn'
  /** A container id whose engine the path does not tell, as under kubelet's cgroupfs driver. */
  | 'unknown';

export interface ContainerIdentity {
  id: string;
  runtime: ContainerRuntime;
  /** Ids of the containers around it, outermost first: engines run inside containers too. */
  outer: readonly string[];
}

interface Recogniser {
  runtime: ContainerRuntime;
  /** Group 1 is the id. Applied to one directory name. */
  pattern: RegExp;
  /** Needed name of the directory right above, where the name alone says too little. */
  under?: RegExp;
}

/** In order; the first that fits a directory decides. 64 hexadecimal digits are the id of every OCI engine here. */
const recognisers: readonly Recogniser[] = [
  // systemd drivers: <engine>-<id>.scope. The monitors (conmon) run beside the container, not in it, and do not fit.
  { runtime: 'docker', pattern: /^docker-([0-9a-f]{64})\.scope$/ },
  { runtime: 'containerd', pattern: /^(?:cri-containerd|nerdctl|containerd)-([0-9a-f]{64})\.scope$/ },
  { runtime: 'cri-o', pattern: /^crio-([0-9a-f]{64})(?:\.scope)?$/ },
  { runtime: 'podman', pattern: /^libpod-([0-9a-f]{64})(?:\.scope)?$/ },
  // containerd whose cgroup driver does not match kubelet's: <slice>:<prefix>:<id> is one directory.
  { runtime: 'containerd', pattern: /^[^/]*:cri-containerd:([0-9a-f]{64})$/ },
  { runtime: 'cri-o', pattern: /^[^/]*:crio:([0-9a-f]{64})$/ },
  // cgroupfs drivers: the id alone, under a directory that names the engine.
  { runtime: 'docker', pattern: /^([0-9a-f]{64})$/, under: /^docker$/ },
  { runtime: 'podman', pattern: /^([0-9a-f]{64})$/, under: /^libpod_parent$/ },
  { runtime: 'ecs', pattern: /^([0-9a-f]{32}-[0-9]+)$/, under: /^[0-9a-f]{32}$/ },
  { runtime: 'unknown', pattern: /^([0-9a-f]{64})$/ },
  // Cloud Foundry: a GUID of five groups, all but the first of four digits.
  { runtime: 'garden', pattern: /^([0-9a-f]{8}(?:-[0-9a-f]{4}){4})$/ },
  { runtime: 'lxc', pattern: /^lxc\.payload\.(.+)$/ },
  { runtime: 'lxc', pattern: /^(.+)$/, under: /^lxc$/ },
  { runtime: 'nspawn', pattern: /^systemd-nspawn@(.+)\.service$/ },
];

/** The innermost container of a path such as `/system.slice/docker-<id>.scope`; undefined for none. */
export function containerOf(path: string): ContainerIdentity | undefined {
  const names = path.split('/').filter((name) => name !== '');
  const found: { id: string; runtime: ContainerRuntime }[] = [];
  for (const [index, name] of names.entries()) {
    const identity = recognise(name, names[index - 1] ?? '');
    if (identity !== undefined) found.push(identity);
  }
  const innermost = found.at(-1);
  if (innermost === undefined) return undefined;
  return { ...innermost, outer: found.slice(0, -1).map(({ id }) => id) };
}

/** The control group of that container itself: it and all below it are the container. Undefined for none. */
export function containerCgroup(path: string): string | undefined {
  const names = path.split('/').filter((name) => name !== '');
  for (let depth = names.length; depth > 0; depth--) {
    const found = recognise(names[depth - 1]!, names[depth - 2] ?? '');
    if (found !== undefined) return `/${names.slice(0, depth).join('/')}`;
  }
  return undefined;
}

function recognise(name: string, above: string): { id: string; runtime: ContainerRuntime } | undefined {
  for (const { runtime, pattern, under } of recognisers) {
    if (under !== undefined && !under.test(above)) continue;
    const id = pattern.exec(name)?.[1];
    if (id !== undefined) return { id, runtime };
  }
  return undefined;
}
