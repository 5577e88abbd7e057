/** The rules that user space decides, and the actions of all rules that are not the kernel's. */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../events/decision.js';
import { viewsOf } from '../events/record-event.js';
import type {
  FollowUp,
  KillReport,
  RuleEngine,
  RuleRun,
  ScopeReport,
  ShownVariables,
  Telling,
} from '../events/rule-run.js';
import type { Scene } from '../events/scene.js';
import type { Action, KillAction, Rule, SetAction } from '../policy/ruleset.js';
import {
  type Context,
  type Element,
  type Event,
  evaluate,
  evaluateValue,
  evaluateViews,
  type Field,
  readingOf,
  type Truth,
  unknown,
  type Value,
} from '../secl/index.js';
import type { ScopeKiller } from './cgroup-kill/scope-killer.js';
import { contradict, type Declared, declaredVariables } from './declarations.js';
import { hashedFile } from './hashed-file.js';
import { inheritedValue } from './inherited.js';
import { killAfter, type Processes } from './kill.js';
import { RateLimiter } from './limiter.js';
import { limits } from './limits.js';
import { namedProcess, type OwnerFound, ownerOf } from './owners.js';
import { elementsToSet, fieldUse } from './set-action.js';
import { shownVariables } from './shown.js';
import { isSupplied } from './supplied.js';
import { keyOf, VariableStore } from './variables.js';

export interface EngineOptions {
  /** What an enforcing rule does when it is unknown. */
  onUnknown: 'report' | 'enforce';
  processes: Processes;
  /** Ends control groups and containers. */
  scopes: Pick<ScopeKiller, 'end'>;
}

/** What the engine has counted since its start. */
export interface EngineCounts {
  /** Values that were not known or too large, or whose process, container or control group was not. */
  readonly unset: number;
  /** Processes, containers and control groups whose variables were forgotten for want of room. */
  readonly forgotten: number;
  /** Bytes of variables kept. */
  readonly bytes: number;
}

export class UserSpaceRules implements RuleEngine {
  readonly #options: EngineOptions;
  readonly #limiter = new RateLimiter();
  #store = new VariableStore();
  #declared: ReadonlyMap<string, Declared> = new Map();
  #unset = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get counts(): EngineCounts {
    return { unset: this.#unset, forgotten: this.#store.forgotten, bytes: this.#store.bytes };
  }

  /**
   * The rules that came into force. Variables keep their values, unless one of them has become another kind of thing:
   * then all begin anew.
   */
  use(rules: readonly Rule[]): void {
    const declared = declaredVariables(rules);
    if (contradict(this.#declared, declared)) this.#store = new VariableStore();
    this.#declared = declared;
    this.#limiter.keepOnly(rules);
  }

  begin(scene: Scene): RuleRun {
    return new Run(scene, {
      options: this.#options,
      limiter: this.#limiter,
      store: this.#store,
      declared: this.#declared,
      unset: () => {
        this.#unset++;
      },
    });
  }
}

interface Shared {
  options: EngineOptions;
  limiter: RateLimiter;
  store: VariableStore;
  declared: ReadonlyMap<string, Declared>;
  unset(): void;
}

class Run implements RuleRun {
  readonly followUps: FollowUp[] = [];
  readonly #scene: Scene;
  readonly #shared: Shared;
  readonly #context: Context;
  readonly #due = new Map<Action, Truth>();
  #views: readonly Event[] | undefined;

  constructor(scene: Scene, shared: Shared) {
    this.#scene = scene;
    this.#shared = shared;
    this.#context = {
      now: scene.epoch(scene.record.time),
      variables: { get: (name) => this.#variable(name) },
    };
  }

  truth({ expression }: Rule): Truth {
    return evaluateViews(expression, this.#allViews, this.#context);
  }

  hold(rule: Rule): void {
    for (const action of rule.actions) {
      switch (action.action) {
        case 'set':
          if (this.due(action) === true) this.#set(action);
          break;
        case 'log': {
          const { level, message } = action;
          if (this.due(action) === true) this.followUps.push({ follow: 'log', rule, level, message });
          break;
        }
        case 'hash': {
          const file = this.due(action) === true ? hashedFile(action.field, this.#scene) : undefined;
          const bytes = Math.min(action.maxFileSize || limits.hashBytes.value, limits.hashBytes.value);
          if (file !== undefined) this.followUps.push({ follow: 'hash', rule, file, bytes });
          break;
        }
        case 'deny':
        case 'kill':
        case 'coredump':
        case 'network_filter':
      }
    }
  }

  /** Asked once: what a rule sets does not change whether its own later actions are due, nor what an event says of it. */
  due(action: Action): Truth {
    const { filter } = action;
    if (filter === undefined) return true;
    const known = this.#due.get(action);
    if (known !== undefined) return known;
    const truth = evaluateViews(filter.expression, this.#allViews, this.#context);
    this.#due.set(action, truth);
    return truth;
  }

  kill({ signalNumber }: KillAction): KillReport {
    const { record, last } = this.#scene;
    if (record.event === 'exit') return { status: 'not_triggered', why: 'it had ended' };
    const { inode, pid, start } = record;
    const script = record.levels > 1;
    const path = script ? record.interpreterPath : record.path;
    // Of a chain of interpreters the record does not say which one runs in the end.
    const known = last === undefined && record.levels <= 2 && !(record.pathCut && !script);
    return killAfter(
      { pid, start, inode, path: known ? path : undefined },
      signalNumber,
      this.#shared.options.processes,
    );
  }

  killScope({ scope, signalNumber: signal }: KillAction): Promise<ScopeReport> {
    const { record } = this.#scene;
    if (scope === 'process') return Promise.resolve({ status: 'performed' });
    const target = { scope, cgroup: record.cgroup, path: this.#scene.locateCgroup(), time: record.time, signal };
    return this.#shared.options.scopes.end(target);
  }

  /** Only for want of a fact of this event: a rule about what nobody reports would act on everything. */
  actsOnUnknown({ fields }: Rule): boolean {
    return this.#shared.options.onUnknown === 'enforce' && fields.every(isSupplied);
  }

  missing({ fields }: Rule): string[] {
    const [view] = this.#allViews;
    const names = fields.filter((field) => !isKnownIn(view!, field)).map(({ name }) => name);
    return [...new Set(names)];
  }

  telling({ verdict, matched, unknown: unsure, unresolved }: Decision): Telling {
    const speakers = matched.length > 0 ? matched : unsure;
    // What was done or seen without any rule is always told.
    if (speakers.length === 0 || unresolved.length > 0) return { tell: 'event', limited: [] };
    const loud = speakers.filter(({ rule }) => !rule.silent);
    const limited = loud.filter(({ rule, decidedBy }) => {
      const pause = rule.every ?? (verdict === 'unknown' && decidedBy === 'user-space' ? unknownPause : 0n);
      return !this.#shared.limiter.allow(rule.id, this.#token(rule, pause), pause, this.#scene.record.time);
    });
    const tell = limited.length < loud.length ? 'event' : 'nothing';
    return { tell, limited: tell === 'event' ? [] : limited.map(({ rule }) => rule.id) };
  }

  variables(): ShownVariables {
    return shownVariables(this.#shared.declared, (name) => this.#stored(name));
  }

  get #allViews(): readonly Event[] {
    this.#views ??= viewsOf(this.#scene);
    return this.#views;
  }

  #variable(name: string): Value | undefined {
    if (name === 'builtins.uuid4') return randomUUID();
    const declared = this.#shared.declared.get(name);
    if (declared === undefined) return undefined;
    if (ownerOf(declared.scope, this.#scene).found === 'unknown') return unknown;
    return this.#stored(name) ?? declared.initial;
  }

  /** What was set, not the default. */
  #stored(name: string): Value | undefined {
    const declared = this.#shared.declared.get(name);
    const found = declared && ownerOf(declared.scope, this.#scene);
    if (found?.found !== 'owner') return undefined;
    const { store } = this.#shared;
    const own = store.find(found.owner, name, this.#scene.record.time);
    if (own !== undefined || declared?.scope !== 'process') return own?.value;
    return inheritedValue(name, this.#scene, store);
  }

  #set(action: SetAction): void {
    const { store, declared, unset } = this.#shared;
    const { variable, append, size, ttl, inherited } = action;
    const owner = this.#ownerToSet(action);
    const elements = elementsToSet(action, this.#allViews[0]!, this.#context);
    // On the host there is no container to set anything for: that is no failure.
    if (owner.found === 'none') return;
    if (owner.found === 'unknown' || elements === undefined || (elements.length === 0 && !variable.list)) {
      unset();
      return;
    }
    const now = this.#scene.record.time;
    const keeping = { inherited, now, ...(ttl !== undefined && { expires: now + ttl }) };
    if (!variable.list) store.setScalar(owner.owner, variable.name, elements[0]!, keeping);
    else if (!append) store.setList(owner.owner, variable.name, elements, size, keeping);
    else {
      const initial = elementsOf(declared.get(variable.name)?.initial);
      store.append(owner.owner, variable.name, elements, { ...keeping, size, initial });
    }
  }

  #ownerToSet({ variable, scopeField }: SetAction): OwnerFound {
    if (scopeField === undefined) return ownerOf(variable.scope, this.#scene);
    const term = { term: 'field', field: fieldUse(scopeField) } as const;
    const pid = evaluateValue({ value: 'number', term }, 'scalar', this.#allViews[0]!, this.#context);
    return typeof pid === 'bigint' ? namedProcess(Number(pid), this.#scene) : { found: 'unknown' };
  }

  /** The values that share one rate limit. What is not known is one more value. */
  #token({ limiterToken }: Rule, pause: bigint): string {
    if (pause <= 0n || limiterToken.length === 0) return '';
    return limiterToken
      .map((name) => {
        const { elements } = readingOf(valueOfField(fieldUse(name).field, this.#allViews[0]!, this.#context));
        return elements.map(keyOf).join('\u0001');
      })
      .join('\u0000');
  }
}

const unknownPause = BigInt(limits.unknownPause.value) * 1_000_000n;

function elementsOf(value: Value | undefined): readonly Element[] {
  return value === undefined ? [] : readingOf(value).elements;
}

function valueOfField(field: Field, event: Event, context: Context): Value {
  const use = { field, start: 0, end: 0 };
  switch (field.type) {
    case 'string':
      return evaluateValue({ value: 'text', text: { text: 'field', field: use } }, 'array', event, context);
    case 'int':
      return evaluateValue({ value: 'number', term: { term: 'field', field: use } }, 'array', event, context);
    case 'ip':
      return evaluateValue({ value: 'address', ip: { ip: 'field', field: use } }, 'array', event, context);
    case 'bool':
      return evaluate({ node: 'flag', field: use }, event, context) === 'unknown' ? unknown : 'flag';
  }
}

function isKnownIn(event: Event, field: Field): boolean {
  const value = valueOfField(field, event, { now: 0n });
  const { elements, complete } = readingOf(value);
  return complete && elements.every((element) => typeof element !== 'object' || !('known' in element));
}
