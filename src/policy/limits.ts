/** The limits of policy files, each with its unit and what happens past it. `portcullis limits` prints them. */
export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly consequence: string;
}

export const fileBytes: Limit = {
  name: 'policy file size',
  value: 8 * 1024 * 1024,
  unit: 'bytes',
  consequence: 'the file is refused',
};

export const yamlTokens: Limit = {
  name: 'tokens of a policy file',
  value: 1_000_000,
  unit: 'YAML tokens',
  consequence: 'the file is refused',
};

export const yamlDepth: Limit = {
  name: 'nesting of a policy file',
  value: 100,
  unit: 'open YAML constructs',
  consequence: 'the file is refused',
};

export const aliases: Limit = {
  name: 'aliases in a policy file',
  value: 1_000,
  unit: 'aliases',
  consequence: 'the file is refused',
};

export const expandedNodes: Limit = {
  name: 'size of a policy file with its aliases written out',
  value: 1_000_000,
  unit: 'YAML nodes',
  consequence: 'the file is refused',
};

export const rules: Limit = {
  name: 'rules of a ruleset',
  value: 20_000,
  unit: 'rules',
  consequence: 'the rules past it are refused',
};

export const diagnosticsPerFile: Limit = {
  name: 'diagnostics of a policy file',
  value: 500,
  unit: 'diagnostics',
  consequence: 'later ones are counted and not shown; the rules they are about are still refused',
};

export const excerptLength: Limit = {
  name: 'source line shown by a diagnostic',
  value: 400,
  unit: 'characters',
  consequence: 'only the part around the place is shown',
};

export const policyFiles: Limit = {
  name: 'policy files of a ruleset',
  value: 1_000,
  unit: 'files',
  consequence: 'nothing is loaded',
};

export const listVariable: Limit = {
  name: 'elements of a list variable',
  value: 10_000,
  unit: 'elements',
  consequence: 'a larger `size` is refused',
};

/** Elements a list variable keeps when its `set` action does not say; the reference product's number. */
export const defaultListSize = 100;

export const policyLimits: readonly Limit[] = [
  fileBytes,
  yamlTokens,
  yamlDepth,
  aliases,
  expandedNodes,
  rules,
  diagnosticsPerFile,
  excerptLength,
  policyFiles,
  listVariable,
];
