// An exec under Portcullis as people run it, and under its peers: each beside the same machine without it, in one boot.
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { setUp } from '../../scripts/lib/setup.mjs';
import { figure, ratio } from '../lib/statistics.mjs';
import { measureInGuest } from './machine.mjs';
import { peerFiles } from './peers.mjs';
import { policyText, SMALL_POLICIES } from './policies.mjs';

/**
 * Cases in the order of the run. TOMOYO's policy cannot be unloaded, and auditing marks every process that is started while it is
 * on: these two come last, and are to be read beside a fresh boot. Of those with `pairs: 1` only the agent's own work is of interest.
 * @type {Record<string, {title: string, pairs?: number}>}
 */
export const CASES = {
  nothing: { title: 'nothing (the noise)' },
  apparmor: { title: 'AppArmor, caller and program confined' },
  fapolicyd: { title: 'fapolicyd, trusted files' },
  'portcullis=enforce-shipped': { title: 'Portcullis, shipped policy in enforce' },
  'portcullis=exit-rule': { title: 'Portcullis, a rule about ends of processes', pairs: 1 },
  'portcullis=lineage-rule': { title: 'Portcullis, a rule about ancestors', pairs: 1 },
  'portcullis=every-exec': { title: 'Portcullis, a rule that reports every exec', pairs: 1 },
  tomoyo: { title: 'TOMOYO, conditions on arguments' },
  auditd: { title: 'auditd, a rule for execve' },
};

/** Seconds that the machine may take: a busy host emulates slowly. */
const TIMEOUT = 3 * 3600;

/**
 * @param {{kernel: '6.1' | '6.12', execs: number, rounds: number, argumentBytes: number, cases: string[]}} wanted
 * @returns {Promise<{kernel: string, findings: Record<string, any>[]}>}
 */
export async function measureBeside({ kernel, execs, rounds, argumentBytes, cases }) {
  await setUp([`kernel-${kernel}`]);
  const list = cases.map((name) => `${name}:${Math.min(rounds, CASES[name].pairs ?? rounds)}`);
  const settings = { EXECS: execs, BYTES: argumentBytes, CASES: `'${list.join(' ')}'` };
  const policies = { 'enforce-shipped': policyText('shipped', 'enforce'), ...SMALL_POLICIES };
  return measureInGuest({
    kernel,
    script: 'peers.sh',
    plan: {},
    contents: {
      settings: Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      ...Object.fromEntries(Object.entries(policies).map(([name, text]) => [`policies/${name}/bench.policy`, text])),
    },
    files: { '/bench/agent.sh': join(root, 'scripts', 'demo', 'agent.sh'), ...(await peerFiles()) },
    timeout: TIMEOUT,
  });
}

/** @param {{kernel: string, findings: Record<string, any>[]}} measured @returns {import('../lib/section.mjs').Table} */
export function besideTable(measured) {
  const { kernel, findings } = measured;
  const named = [...new Set(findings.map((finding) => finding.case))].filter((name) => name in CASES);
  const rows = named.map((name) => {
    const { times, base, means, baseMeans, own, resident } = ofCase(findings, name);
    return [
      CASES[name].title,
      ratio(times, base),
      ratio(means, baseMeans),
      timesFreshBoot(measured, name),
      figure(times),
      figure(own),
      Math.round(figure(resident).median / 1000),
    ];
  });
  return {
    title: `Kernel ${kernel}: an exec with 12 arguments beside the same machine without, by instructions`,
    columns: [
      'with',
      'times without',
      'means: times without',
      'times a fresh boot',
      'instructions',
      'its own processes, instructions an exec',
      'resident, MB',
    ],
    rows,
  };
}

/** The typical exec beside one before anything had been started. @param {{findings: Record<string, any>[]}} measured @param {string} name */
export function timesFreshBoot({ findings }, name) {
  const [fresh] = ofCase(findings, 'clean').base;
  return figure(ofCase(findings, name).times).median / fresh;
}

/** Of a case's own processes, instructions an exec. @param {{findings: Record<string, any>[]}} measured @param {string} name */
export function ownWork({ findings }, name) {
  return figure(ofCase(findings, name).own).median;
}

/** Whether a case was measured. @param {{findings: Record<string, any>[]}} measured @param {string} name */
export function has({ findings }, name) {
  return findings.some((finding) => finding.case === name);
}

function ofCase(findings, name) {
  const all = findings.filter((finding) => finding.case === name);
  const values = (key, side) => all.filter((finding) => finding.side === side).map((finding) => finding[key]);
  return {
    times: values('median', 'with'),
    base: values('median', 'without'),
    means: values('mean', 'with'),
    baseMeans: values('mean', 'without'),
    own: values('own'),
    resident: values('resident'),
  };
}
