/** Which definitions apply here: `agent_version` and `filters`. */
import { parse, SeclError } from '../secl/index.js';
import type { Definition } from './definition.js';
import type { HostFacts } from './host.js';
import { evaluateHostFilter, HostFilterError } from './host-filter.js';
import type { LocatedText } from './scalar-text.js';
import { compatibleVersion, satisfies } from './version.js';

export class Selection {
  readonly #host: HostFacts;

  constructor(host: HostFacts) {
    this.#host = host;
  }

  /**
   * Whether a definition applies on this host. Several filters are alternatives, as in the reference product: one that
   * holds is enough. A constraint or filter that cannot be read is reported, and the definition does not apply.
   */
  applies(definition: Definition): boolean {
    const { agentVersion, filters } = definition;
    if (agentVersion !== undefined) {
      const holds = satisfies(compatibleVersion, agentVersion.value);
      if (holds === undefined) {
        const message = `\`${agentVersion.value}\` is not a version constraint`;
        const help = 'such as `>= 7.65, < 7.70`';
        const finding = { severity: 'error', code: 'agent-version', message, rule: definition.id, help } as const;
        definition.reporter.report(finding, agentVersion.range);
      }
      if (holds !== true) return false;
    }
    if (filters.length === 0) return true;
    return filters.map((filter) => this.#holds(filter, definition)).includes(true);
  }

  #holds(filter: LocatedText, { reporter, id }: Definition): boolean {
    try {
      return evaluateHostFilter(parse(filter.value), this.#host);
    } catch (error) {
      if (!(error instanceof SeclError) && !(error instanceof HostFilterError)) throw error;
      const { message, start, end, help } = error;
      reporter.report({ severity: 'error', code: 'filter', message, rule: id, help }, filter.locate(start, end));
      return false;
    }
  }
}
