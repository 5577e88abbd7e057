/** The limits of policy files, in one place. Past each of them something is refused; nothing is cut silently. */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly consequence: string;
}

const fileRefused = 'the file is refused';

export const limits = {
  policyFiles: { value: 1_000, unit: 'files a ruleset', consequence: 'nothing is loaded' },
  fileBytes: { value: 8 * 1024 * 1024, unit: 'bytes a policy file', consequence: fileRefused },
  yamlTokens: { value: 1_500_000, unit: 'YAML tokens a policy file', consequence: fileRefused },
  yamlDepth: { value: 100, unit: 'open YAML constructs, one inside the other', consequence: fileRefused },
  aliases: { value: 1_000, unit: 'YAML aliases a policy file', consequence: fileRefused },
  expandedNodes: { value: 1_000_000, unit: 'YAML nodes with aliases written out', consequence: fileRefused },
  rules: { value: 20_000, unit: 'rules a ruleset', consequence: 'the rules past it are refused' },
  listVariable: { value: 10_000, unit: 'elements a list variable', consequence: 'a larger `size` is refused' },
  diagnostics: {
    value: 500,
    unit: 'diagnostics a policy file',
    consequence: 'later ones are counted but not shown; what they are about is refused all the same',
  },
  excerpt: {
    value: 2_000,
    unit: 'characters of a source line shown with a diagnostic',
    consequence: 'a longer line is not shown',
  },
} as const satisfies Record<string, Limit>;

/** Elements a list variable keeps when its `set` action does not say; the reference product's number. */
export const defaultListSize = 100;
