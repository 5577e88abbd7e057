/** Every key of a policy file, once: the loader knows its keys from here, and the JSON Schema is made of it. */
import { signalNumbers } from './signals.js';

export type Keys = Readonly<Record<string, Key>>;

export interface Key {
  readonly value: KeyValue;
  readonly required?: true;
  readonly description: string;
}

export type KeyValue =
  /** A number or a boolean counts as its own spelling. */
  | { readonly is: 'text' | 'texts' | 'flag' | 'duration' | 'id' | 'tags' | 'anything' }
  /** SECL; a list of such. */
  | { readonly is: 'expression' | 'expressions' }
  | { readonly is: 'word' | 'words'; readonly words: readonly string[] }
  | { readonly is: 'integer'; readonly least?: number }
  /** Text, number, boolean, or a list of these. */
  | { readonly is: 'value' }
  | {
      readonly is: 'mapping';
      readonly keys: Keys;
      readonly oneOf?: readonly string[];
      readonly anyOf?: readonly string[];
    }
  | { readonly is: 'mappings'; readonly of: 'macro' | 'rule' | 'action' };

export const modes = ['monitor', 'enforce'] as const;
export const macroCombinations = ['merge', 'override', ''] as const;
export const ruleCombinations = ['override', ''] as const;
export const overrideFields = ['all', 'expression', 'actions', 'every', 'tags', 'product_tags'] as const;
export const processScopes = ['process', 'container', 'cgroup'] as const;
export const variableScopes = ['global', ...processScopes] as const;
export const packetPolicies = ['drop', 'allow'] as const;
export const packetScopes = ['process', 'cgroup'] as const;

const text = { is: 'text' } as const;
const flag = { is: 'flag' } as const;
const expression = { is: 'expression' } as const;

const applicability = {
  agent_version: {
    value: text,
    description: 'Versions of the reference product that this is for, such as ">= 7.65, < 7.70"',
  },
  filters: {
    value: { is: 'expressions' },
    description: 'Facts of the host, such as os == "linux"; one that holds is enough',
  },
} as const satisfies Keys;

export const policyKeys = {
  version: { value: text, description: 'Version of the policy, told in every event' },
  type: { value: text, description: 'Always "policy"' },
  mode: {
    value: { is: 'word', words: modes },
    description: 'monitor: report what the rules would do. enforce: do it. A rule may say otherwise for itself',
  },
  description: { value: text, description: 'What the policy is for' },
  macros: { value: { is: 'mappings', of: 'macro' }, description: 'Named expressions and lists' },
  rules: { value: { is: 'mappings', of: 'rule' }, description: 'The rules' },
  hooks: { value: { is: 'anything' }, description: 'Read, without effect' },
  replace_policy_id: { value: { is: 'anything' }, description: 'Read, without effect' },
} as const satisfies Keys;

export const macroKeys = {
  id: { value: { is: 'id' }, required: true, description: 'The name that expressions use' },
  description: { value: text, description: 'What it stands for' },
  expression: { value: expression, description: 'A list, a value or a truth' },
  values: { value: { is: 'texts' }, description: 'A list of strings, compared as they are' },
  combine: {
    value: { is: 'word', words: macroCombinations },
    description: 'How it goes together with an earlier macro of its name: merge the values, or override',
  },
  ...applicability,
} as const satisfies Keys;

export const ruleKeys = {
  id: { value: { is: 'id' }, required: true, description: 'The name of the rule, told in every event' },
  version: { value: text, description: 'Version of the rule' },
  description: { value: text, description: 'What has happened when the rule matches' },
  expression: { value: expression, description: 'When the rule matches, in SECL' },
  tags: { value: { is: 'tags' }, description: 'Told in events' },
  product_tags: { value: { is: 'texts' }, description: 'Such as tactic:... and technique:...; told in events' },
  ...applicability,
  disabled: { value: flag, description: 'Turns the rule off' },
  combine: {
    value: { is: 'word', words: ruleCombinations },
    description: 'override: changes the earlier rule of this id',
  },
  override_options: {
    value: {
      is: 'mapping',
      keys: {
        fields: {
          value: { is: 'words', words: overrideFields },
          description: 'What is overridden; without it the expression',
        },
      },
    },
    description: 'What `combine: override` changes',
  },
  every: { value: { is: 'duration' }, description: 'Least time between two reports; 0 is no limit' },
  limiter_token: { value: { is: 'texts' }, description: 'Fields whose values share one rate limit' },
  silent: { value: flag, description: 'Acts without reporting' },
  group_id: { value: text, description: 'Rules of one group' },
  priority: { value: { is: 'integer' }, description: 'Higher comes first' },
  actions: { value: { is: 'mappings', of: 'action' }, description: 'What is done when the rule matches' },
  mode: { value: { is: 'word', words: modes }, description: 'monitor or enforce, for this rule' },
} as const satisfies Keys;

/** The settings of each action, by its name. */
export const actionSettings = {
  deny: { value: { is: 'mapping', keys: {} }, description: 'Refuse the exec: its caller gets EPERM' },
  kill: {
    value: {
      is: 'mapping',
      keys: {
        signal: {
          value: { is: 'word', words: [...signalNumbers.keys()] },
          required: true,
          description: 'Such as SIGKILL',
        },
        scope: { value: { is: 'word', words: processScopes }, description: 'Who gets it; process without it' },
        disable_container_disarmer: { value: flag, description: "The reference product's, read" },
        disable_executable_disarmer: { value: flag, description: "The reference product's, read" },
      },
    },
    description: 'Send a signal',
  },
  set: {
    value: {
      is: 'mapping',
      oneOf: ['value', 'field', 'expression'],
      keys: {
        name: { value: text, required: true, description: 'The variable, without its scope' },
        value: { value: { is: 'value' }, description: 'What it becomes: this' },
        default_value: {
          value: { is: 'value' },
          description: 'Its value before it is set; gives an expression its type',
        },
        field: { value: text, description: 'What it becomes: a field of the event' },
        expression: { value: expression, description: 'What it becomes: the value of an expression' },
        append: { value: flag, description: 'Add to a list' },
        size: { value: { is: 'integer', least: 0 }, description: 'Most elements of the list' },
        scope: { value: { is: 'word', words: variableScopes }, description: 'Whose variable it is' },
        scope_field: { value: text, description: 'The process it belongs to, for the scope process' },
        ttl: { value: { is: 'duration' }, description: 'How long it lives' },
        private: { value: flag, description: 'Not told in events' },
        inherited: { value: flag, description: 'Children of the process have it too' },
      },
    },
    description: 'Set a variable',
  },
  hash: {
    value: {
      is: 'mapping',
      keys: {
        field: { value: text, description: 'The file, such as process.file' },
        max_file_size: { value: { is: 'integer', least: 0 }, description: 'Bytes; larger files are left out' },
      },
    },
    description: 'Hash a file',
  },
  log: {
    value: {
      is: 'mapping',
      keys: {
        level: { value: text, required: true, description: 'Such as info' },
        message: { value: text, description: 'What to say' },
      },
    },
    description: 'Write a line to the log',
  },
  coredump: {
    value: {
      is: 'mapping',
      anyOf: ['process', 'mount', 'dentry'],
      keys: {
        process: { value: flag, description: 'The process tree' },
        mount: { value: flag, description: 'The mounts' },
        dentry: { value: flag, description: 'The dentries' },
        no_compression: { value: flag, description: 'Do not compress' },
      },
    },
    description: "Dump the agent's own state",
  },
  network_filter: {
    value: {
      is: 'mapping',
      keys: {
        filter: { value: text, required: true, description: "A packet filter in pcap's language" },
        policy: { value: { is: 'word', words: packetPolicies }, description: 'What to do with such packets' },
        scope: { value: { is: 'word', words: packetScopes }, description: 'Whose packets' },
      },
    },
    description: 'Drop packets',
  },
} as const satisfies Keys;

export type ActionKind = keyof typeof actionSettings;
export const actionKinds = Object.keys(actionSettings) as readonly ActionKind[];

/** An action: one of the kinds, and perhaps when. */
export const actionKeys: Keys = {
  filter: { value: expression, description: 'Only when this holds too' },
  ...actionSettings,
};
