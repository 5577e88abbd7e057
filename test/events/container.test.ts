import { describe, expect, test } from 'vitest';
import { containerCgroup, containerOf } from '../../src/events/container.js';

const a = '0123456789abcdef'.repeat(4);
const b = 'fedcba9876543210'.repeat(4);
const pod = 'pod4d3c9c2e_5b0e_4a53_a9a5_6f6d1b1c1d1e';

describe('the container of a cgroup path', () => {
  test.each([
    ['docker, cgroupfs driver', `/docker/${a}`, { id: a, runtime: 'docker' }],
    ['docker, systemd driver', `/system.slice/docker-${a}.scope`, { id: a, runtime: 'docker' }],
    [
      'containerd under kubelet, systemd driver',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${pod}.slice/cri-containerd-${a}.scope`,
      { id: a, runtime: 'containerd' },
    ],
    ['kubelet, cgroupfs driver', `/kubepods/besteffort/pod4d3c9c2e-5b0e-4a53/${a}`, { id: a, runtime: 'unknown' }],
    [
      'containerd whose driver differs from kubelet',
      `/system.slice/containerd.service/kubepods-${pod}.slice:cri-containerd:${a}`,
      { id: a, runtime: 'containerd' },
    ],
    ['nerdctl', `/system.slice/nerdctl-${a}.scope`, { id: a, runtime: 'containerd' }],
    ['cri-o', `/kubepods.slice/kubepods-${pod}.slice/crio-${a}.scope/container`, { id: a, runtime: 'cri-o' }],
    ['podman as root', `/machine.slice/libpod-${a}.scope/container`, { id: a, runtime: 'podman' }],
    [
      'podman of a user',
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope`,
      { id: a, runtime: 'podman' },
    ],
    ['podman, cgroupfs driver', `/libpod_parent/libpod-${a}`, { id: a, runtime: 'podman' }],
    [
      'a task of Amazon ECS',
      `/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-1234567890`,
      { id: '0123456789abcdef0123456789abcdef-1234567890', runtime: 'ecs' },
    ],
    [
      'Cloud Foundry',
      '/system.slice/garden.service/garden/6f265890-5165-7fab-6b52-18d1',
      { id: '6f265890-5165-7fab-6b52-18d1', runtime: 'garden' },
    ],
    ['lxc', '/lxc/web1/init.scope', { id: 'web1', runtime: 'lxc' }],
    ['lxc 4', '/lxc.payload.web1/system.slice', { id: 'web1', runtime: 'lxc' }],
    ['systemd-nspawn', '/machine.slice/systemd-nspawn@web.service/payload', { id: 'web', runtime: 'nspawn' }],
    ['a service inside a container', `/docker/${a}/system.slice/nginx.service`, { id: a, runtime: 'docker' }],
  ])('%s', (_, path, expected) => {
    expect(containerOf(path)).toEqual({ ...expected, outer: [] });
  });

  test('a container inside a container is the inner one, and names the outer', () => {
    const path = `/docker/${a}/kubelet.slice/kubelet-${pod}.slice/cri-containerd-${b}.scope`;
    expect(containerOf(path)).toEqual({ id: b, runtime: 'containerd', outer: [a] });
  });

  test.each([
    ['the root', '/'],
    ['a service', '/system.slice/ssh.service'],
    ['a session', '/user.slice/user-0.slice/session-3.scope'],
    ['the monitor beside a podman container', `/machine.slice/libpod-conmon-${a}.scope`],
    ['the monitor beside a cri-o container', `/kubepods.slice/crio-conmon-${a}.scope`],
    ['a pod itself', `/kubepods.slice/kubepods-burstable-${pod}.slice`],
    ['an id that is too short', `/docker/${a.slice(1)}`],
    ['an id in capitals', `/system.slice/docker-${a.toUpperCase()}.scope`],
    ['a name that only begins like an id', `/docker/${a}x`],
    ['a virtual machine', '/machine.slice/machine-qemu\\x2d1\\x2ddebian.scope'],
  ])('none: %s', (_, path) => {
    expect(containerOf(path)).toBeUndefined();
  });
});

test.each([
  [`/system.slice/docker-${a}.scope`, `/system.slice/docker-${a}.scope`],
  [`/docker/${a}/init.scope/x`, `/docker/${a}`],
  [`/docker/${a}/system.slice/docker-${b}.scope/y`, `/docker/${a}/system.slice/docker-${b}.scope`],
  ['/system.slice/ssh.service', undefined],
  ['/', undefined],
])('the control group of the container of %s', (path, expected) => {
  expect(containerCgroup(path)).toBe(expected);
});
