/**
 * What policy files become: the typed rules that every later step reads.
 *
 * A Ruleset is plain immutable data. Its rules stand in the order of their files and, in a file, in the order they were
 * written; everything that could not be loaded is a diagnostic, never a rule.
 */
import type { Bytes, EventType, Expression, Field, ValueTerm } from '../secl/index.js';

/** `monitor` reports what a rule would have done, `enforce` does it. */
export type Mode = 'monitor' | 'enforce';

/** A place in a policy file, 1-based. Columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Ruleset {
  readonly rules: readonly Rule[];
  readonly policies: readonly PolicySource[];
  /** Variables that `set` actions declare, by the name an expression uses (`x`, `process.x`, ...). */
  readonly variables: ReadonlyMap<string, VariableDeclaration>;
  readonly diagnostics: readonly Diagnostic[];
}

/** One policy file that was loaded. */
export interface PolicySource {
  /** The file's base name, as events report it (`agent.policy_name`). */
  readonly name: string;
  readonly version?: string;
  readonly file: string;
  /** What the file says, or `enforce` if it says nothing: a `kill` was written to kill. */
  readonly mode: Mode;
}

export interface Rule {
  readonly id: string;
  readonly description?: string;
  readonly version?: string;
  readonly expression: Expression;
  /** The SECL text of the expression, as YAML gave it. */
  readonly source: string;
  readonly event: EventType;
  readonly fields: readonly Field[];
  readonly actions: readonly Action[];
  /** `monitor` for a rule that neither denies nor kills: there is nothing to enforce. */
  readonly mode: Mode;
  /** Who wrote the mode; absent when nobody did and it follows from the actions. */
  readonly modeAskedBy?: 'rule' | 'policy';
  readonly tags: Readonly<Record<string, string>>;
  readonly productTags: readonly string[];
  /** Least time between two reports of this rule, nanoseconds; 0 means no limit, absent means the agent's default. */
  readonly every?: bigint;
  /** Fields whose values share one rate limit. */
  readonly limiterToken: readonly string[];
  /** Evaluated and acted on, but not reported. */
  readonly silent: boolean;
  readonly groupId?: string;
  readonly priority: number;
  readonly policy: PolicySource;
  /** Where the rule begins in its file. */
  readonly position: Position;
}

/** A condition on an action, evaluated when the action is due. */
export interface ActionFilter {
  readonly expression: Expression;
  readonly source: string;
}

interface Filtered {
  readonly filter?: ActionFilter;
}

export type ProcessScope = 'process' | 'container' | 'cgroup';

/** Refuse the exec (Portcullis's own action). */
export interface DenyAction extends Filtered {
  readonly action: 'deny';
}

export interface KillAction extends Filtered {
  readonly action: 'kill';
  /** Such as `SIGKILL`. */
  readonly signal: string;
  readonly signalNumber: number;
  readonly scope: ProcessScope;
  readonly disableContainerDisarmer: boolean;
  readonly disableExecutableDisarmer: boolean;
}

export type VariableScope = 'global' | ProcessScope;
export type VariableKind = 'string' | 'int' | 'bool' | 'ip';
export type VariableScalar = Bytes | bigint | boolean;

/** What a `set` action stores: a value written in the policy, a field of the event, or the result of an expression. */
export type VariableSource =
  | { readonly from: 'value'; readonly value: VariableScalar | readonly VariableScalar[] }
  | { readonly from: 'field'; readonly field: string }
  | { readonly from: 'expression'; readonly source: string; readonly term: ValueTerm };

export interface VariableDeclaration {
  /** The name as expressions write it: the scope's prefix and the name. */
  readonly name: string;
  readonly scope: VariableScope;
  readonly kind: VariableKind;
  readonly list: boolean;
}

export interface SetAction extends Filtered {
  readonly action: 'set';
  readonly variable: VariableDeclaration;
  readonly source: VariableSource;
  readonly defaultValue?: VariableScalar | readonly VariableScalar[];
  readonly append: boolean;
  /** Most elements a list keeps. */
  readonly size: number;
  /** Which process's variable is set, for scope `process`: the field that names it; absent is the event's own process. */
  readonly scopeField?: string;
  /** Nanoseconds a value lives; absent is for as long as its scope. */
  readonly ttl?: bigint;
  /** Not shown in events. */
  readonly private: boolean;
  /** Children of the process inherit the value. */
  readonly inherited: boolean;
}

export interface HashAction extends Filtered {
  readonly action: 'hash';
  /** The file to hash; absent is the event's own (`exec.file`, `open.file`). */
  readonly field?: string;
  /** Bytes. */
  readonly maxFileSize?: number;
}

export interface LogAction extends Filtered {
  readonly action: 'log';
  readonly level: string;
  readonly message: string;
}

export interface CoredumpAction extends Filtered {
  readonly action: 'coredump';
  readonly process: boolean;
  readonly mount: boolean;
  readonly dentry: boolean;
  readonly noCompression: boolean;
}

export interface NetworkFilterAction extends Filtered {
  readonly action: 'network_filter';
  /** A packet filter in pcap's language. */
  readonly packets: string;
  readonly policy: 'drop' | 'allow';
  readonly scope: 'process' | 'cgroup';
}

export type Action =
  | DenyAction
  | KillAction
  | SetAction
  | HashAction
  | LogAction
  | CoredumpAction
  | NetworkFilterAction;

/** Something to tell the author of a policy, at a place in a file. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** A stable word for machines, such as `unknown-key`. */
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Column after the last character meant, on the same line. */
  readonly endColumn?: number;
  /** The rule or macro it is about. */
  readonly rule?: string;
  /** The source line. */
  readonly excerpt?: string;
  /** What to do about it. */
  readonly help?: string;
}
