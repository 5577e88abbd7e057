/** From policy paths to an image that can be put into force, or the sentence why it cannot. */
import type { EventImage } from '../events/image.js';
import type { LineageTest } from '../events/program-history.js';
import type { PolicyFile } from '../policy/parse-file.js';
import type { Diagnostic, Mode, Rule, Ruleset } from '../policy/ruleset.js';

/** Where a rule is decided and what happens then; from the compiler's plan. */
export interface RulePlace {
  rule: Rule;
  place: string;
  why: string;
  /** What it would do in mode `enforce`. `kill-after`: from user space, when the program already runs. */
  inEnforce: 'refuse' | 'kill' | 'kill-after' | 'report';
}

/** A compiled ruleset, as far as the agent needs it. */
export interface PolicyImage extends EventImage {
  readonly bytes: Uint8Array;
  readonly places: readonly RulePlace[];
  /** What the image keeps of each program for those that descend from it, by lineage bit; absent: nothing. */
  readonly lineage?: readonly LineageTest[];
  /** What the image is of, when that is not all: rules told to enforce that can only report are refused. */
  readonly ruleset?: Ruleset;
}

/** Files and directories of this host, or policies that came to it. */
export type PolicyOrigin =
  | { readonly from: 'paths'; readonly paths: readonly string[] }
  | { readonly from: 'rollout'; readonly files: readonly PolicyFile[] };

/** What the agent needs to make an image. */
export interface PolicyWorkshop {
  /** Reads policies, where they are paths, and loads them. Rejects with a sentence when a path cannot be read. */
  load(policies: PolicyOrigin): Promise<{ ruleset: Ruleset; files: readonly PolicyFile[] }>;
  /** Throws with a sentence when no image can be made of the ruleset. */
  compile(ruleset: Ruleset, options: { onUnknown: 'report' | 'enforce' }): PolicyImage;
}

export interface Prepared {
  ruleset: Ruleset;
  image: PolicyImage;
  /** What it was made of, as it was read. */
  files: readonly PolicyFile[];
  /** Files of which nothing was loaded although they say something. */
  refusedFiles: readonly string[];
  /** Modes as the policies say, of rules that are kept in another one. */
  modes: ReadonlyMap<string, Mode>;
}

/** No image can be made of the policies; whatever is in force stays. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: 'policy-unreadable' | 'policy-without-rules' | 'policy-not-compiled';
  /** What was found on the way, for the log. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: PolicyError['code'], message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    this.code = code;
    this.diagnostics = diagnostics;
  }
}

/** Loads and compiles; touches nothing that is in force. Throws PolicyError. */
export async function preparePolicies(
  workshop: PolicyWorkshop,
  origin: PolicyOrigin,
  options: { onUnknown: 'report' | 'enforce'; modes?: ReadonlyMap<string, Mode> },
): Promise<Prepared> {
  const { ruleset, files } = await loadOrRefuse(workshop, origin);
  const { rules, diagnostics } = ruleset;
  if (rules.length === 0) {
    const where = origin.from === 'paths' ? origin.paths.join(', ') : 'the distributed policies';
    const message =
      files.length === 0
        ? `There is no *.policy file in ${where}. Name policies with --policies or the key \`policies\`.`
        : `No rule could be loaded from ${where}. Run \`portcullis policy check\` on it.`;
    throw new PolicyError('policy-without-rules', message, diagnostics);
  }
  try {
    const { modes, quieted } = quiet(ruleset, options.modes ?? new Map());
    const image = workshop.compile(quieted, { onUnknown: options.onUnknown });
    const placed = image.ruleset ?? quieted;
    return { ruleset: placed, image, files, modes, refusedFiles: filesWithoutRules(placed) };
  } catch (error) {
    throw new PolicyError('policy-not-compiled', `The policies do not compile: ${sentenceOf(error)}`, diagnostics);
  }
}

/**
 * Rules that somebody has put into mode `monitor` are compiled so: not even for the moment of a swap do they enforce. The
 * other way round would refuse what cannot enforce, so that is done when the image is active.
 */
function quiet(ruleset: Ruleset, wanted: ReadonlyMap<string, Mode>): { modes: Map<string, Mode>; quieted: Ruleset } {
  const modes = new Map<string, Mode>();
  const rules = ruleset.rules.map((rule): Rule => {
    if (wanted.get(rule.id) !== 'monitor' || rule.mode === 'monitor') return rule;
    modes.set(rule.id, rule.mode);
    return { ...rule, mode: 'monitor' };
  });
  return { modes, quieted: modes.size === 0 ? ruleset : { ...ruleset, rules } };
}

async function loadOrRefuse(
  workshop: PolicyWorkshop,
  origin: PolicyOrigin,
): Promise<Awaited<ReturnType<PolicyWorkshop['load']>>> {
  try {
    return await workshop.load(origin);
  } catch (error) {
    throw new PolicyError('policy-unreadable', sentenceOf(error), []);
  }
}

/** Files with an error and not one rule: refused whole, or every rule of theirs was. */
function filesWithoutRules({ rules, diagnostics }: Ruleset): string[] {
  const withRules = new Set(rules.map(({ policy }) => policy.file));
  const withErrors = new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ file }) => file));
  return [...withErrors].filter((file) => !withRules.has(file));
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
