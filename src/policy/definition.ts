/** Policy files as written: typed and located, before filters, overrides and SECL. */
import type { overrideFields } from './keys.js';
import type { Reporter } from './reporter.js';
import type { Mode, PolicySource, ProcessScope, VariableScalar, VariableScope } from './ruleset.js';
import type { LocatedText } from './scalar-text.js';
import type { Range } from './source.js';

/** One file. */
export interface PolicyDefinition {
  readonly policy: PolicySource;
  /** What the file says, if it says it. */
  readonly mode?: Mode;
  readonly reporter: Reporter;
  readonly macros: readonly MacroDefinition[];
  readonly rules: readonly RuleDefinition[];
}

/** What macros and rules have in common: a name, a place, and when they apply. */
export interface Definition {
  readonly id: string;
  /** Where the id is written. */
  readonly range: Range;
  readonly reporter: Reporter;
  readonly agentVersion?: LocatedText;
  readonly filters: readonly LocatedText[];
}

export interface MacroDefinition extends Definition {
  readonly combine?: 'merge' | 'override';
  readonly body: MacroBody;
}

export type MacroBody =
  | { readonly form: 'expression'; readonly expression: LocatedText; readonly reporter: Reporter }
  | { readonly form: 'values'; readonly values: readonly LocatedText[] };

export type OverrideField = (typeof overrideFields)[number];

export interface RuleDefinition extends Definition {
  readonly policy: PolicyDefinition['policy'];
  readonly policyMode?: Mode;
  readonly description?: string;
  readonly version?: string;
  readonly expression?: LocatedExpression;
  readonly tags: Readonly<Record<string, string>>;
  readonly productTags: readonly string[];
  readonly disabled: boolean;
  readonly combine?: 'override';
  readonly overrideFields: readonly OverrideField[];
  readonly every?: bigint;
  readonly limiterToken: readonly LocatedText[];
  readonly silent: boolean;
  readonly groupId?: string;
  readonly priority: number;
  readonly actions: readonly ActionDefinition[];
  readonly mode?: { readonly value: Mode; readonly range: Range };
}

/** SECL text, and the file it is in: an override may bring the expression of another file. */
export interface LocatedExpression {
  readonly text: LocatedText;
  readonly reporter: Reporter;
}

export type SetSource =
  | { readonly from: 'value'; readonly value: SetValue }
  | { readonly from: 'field'; readonly field: LocatedText }
  | { readonly from: 'expression'; readonly expression: LocatedText };

export type SetValue = VariableScalar | readonly VariableScalar[];

/** An action as written; what needs SECL to be understood is still text. */
export type ActionDefinition = { readonly filter?: LocatedText; readonly reporter: Reporter; readonly range: Range } & (
  | { readonly action: 'deny' }
  | {
      readonly action: 'kill';
      readonly signal: string;
      readonly signalNumber: number;
      readonly scope: ProcessScope;
      readonly disableContainerDisarmer: boolean;
      readonly disableExecutableDisarmer: boolean;
    }
  | {
      readonly action: 'set';
      readonly name: LocatedText;
      readonly source: SetSource;
      readonly defaultValue?: SetValue;
      readonly append: boolean;
      readonly size: number;
      readonly scope: VariableScope;
      readonly scopeField?: LocatedText;
      readonly ttl?: bigint;
      readonly private: boolean;
      readonly inherited: boolean;
    }
  | { readonly action: 'hash'; readonly field?: LocatedText; readonly maxFileSize?: number }
  | { readonly action: 'log'; readonly level: string; readonly message: string }
  | {
      readonly action: 'coredump';
      readonly process: boolean;
      readonly mount: boolean;
      readonly dentry: boolean;
      readonly noCompression: boolean;
    }
  | {
      readonly action: 'network_filter';
      readonly packets: string;
      readonly policy: 'drop' | 'allow';
      readonly scope: 'process' | 'cgroup';
    }
);
