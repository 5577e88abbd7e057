/**
 * What is in force: the image that the kernel walks, the modes of its rules, and whether anything is decided at all. Calls
 * come one after the other; the agent sees to that.
 */
import type { EventImage, ImageHistory } from '../events/image.js';
import type { ProcessTree } from '../events/processes.js';
import type { ProgramHistory } from '../events/program-history.js';
import type { Activation, AncestrySource, KernelSession } from '../kernel/types.js';
import { didYouMean } from '../policy/nearest.js';
import type { Mode, Rule } from '../policy/ruleset.js';
import type { UserSpaceRules } from '../rules/engine.js';
import { ControlError, type WantedMode } from '../telemetry/control/protocol.js';
import type { Health } from '../telemetry/health.js';
import type { AgentLog } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { RuleAges } from './breaker-ages.js';
import { imageFacts } from './image-facts.js';
import type { PolicyImage, Prepared, RulePlace } from './policies.js';
import { logPlaces } from './policy-log.js';

export interface EnforcementParts {
  session: KernelSession;
  images: ImageHistory;
  rules: UserSpaceRules;
  processes: ProcessTree;
  history: ProgramHistory;
  log: AgentLog;
  metrics: Metrics;
  health: Health;
  /** Nanoseconds since boot. */
  bootTime(): bigint;
  onUnseen(): 'report' | 'enforce';
  /** Told after each change of what is in force, or of a rule's mode. */
  onModes?(policy: 'enforces' | 'only-reports'): void;
  /** Is told of each image that has come into force. */
  onActive(inForce: InForce): void;
  /** Judges the processes that run already. */
  sweep: { begin(image: EventImage, generation: bigint): void; end(): Promise<void> };
}

/** `off`: the programs are detached and nothing is decided, until somebody says otherwise. */
export type Switch = { is: 'on' } | { is: 'off'; since: Date; by: string };

export interface InForce {
  readonly prepared: Prepared;
  /** Of it, with the modes of its rules as they are now. */
  readonly image: PolicyImage;
  readonly generation: bigint;
  readonly since: Date;
}

export class Enforcement {
  readonly #parts: EnforcementParts;
  #switch: Switch = { is: 'on' };
  #inForce: InForce | undefined;
  #onTrial: PolicyImage | undefined;
  /** By rule, where somebody wants another mode than its policy's; until the agent ends. */
  readonly #modes: Map<string, Mode>;
  readonly #ages = new RuleAges();
  /** What the first activation does about an image that is in force already. */
  #first: 'keep' | 'swap' = 'keep';

  /** `modes` is filled here and read by whoever prepares policies. */
  constructor(parts: EnforcementParts, modes: Map<string, Mode>) {
    this.#parts = parts;
    this.#modes = modes;
  }

  get switch(): Switch {
    return this.#switch;
  }

  /** The policy that was put into force last, also while nothing is decided. */
  get inForce(): InForce | undefined {
    return this.#inForce;
  }

  /** As a rule works now, and as its policy says. */
  modesOf({ id, mode }: Rule): { mode: Mode; policyMode: Mode } {
    const policyMode = this.#inForce?.prepared.modes.get(id) ?? mode;
    return { mode: this.#modes.get(id) ?? policyMode, policyMode };
  }

  /** Rejects when the kernel does not take the image, and when enforcement is switched off. */
  async activate(prepared: Prepared): Promise<void> {
    if (this.#switch.is === 'off') {
      const why = `Enforcement is switched off by ${this.#switch.by}; \`portcullis on\` ends that.`;
      throw new ControlError('switched-off', why);
    }
    await this.#activate(prepared);
    logPlaces(this.#parts.log, prepared.image.places);
  }

  /**
   * Puts an image into force of whose rules nothing is known yet. The first `activate` swaps it only for another one, or where it needs to
   * know what processes descend from. Rejects as `activate`.
   */
  async begin(image: Uint8Array): Promise<Activation> {
    const activation = await this.#parts.session.activate(image, { onUnseen: this.#parts.onUnseen() });
    this.#first = activation.orphans > 0 ? 'swap' : 'keep';
    return activation;
  }

  /** What decides already, by an earlier agent or by `begin`, has these rules. */
  async goOnFrom(
    image: EventImage,
    { generation, since }: { generation: bigint; since: readonly bigint[] },
  ): Promise<void> {
    await this.#parts.images.during(async () => ({ generation, image }));
    this.#ages.note(image.rules, this.#parts.bootTime(), since);
  }

  /** Puts the image on trial beside the one in force: it decides, is counted, and acts on nothing. Rejects as `activate`. */
  async stage({ image }: Prepared): Promise<{ generation: bigint }> {
    const { session, images, onUnseen } = this.#parts;
    let generation = 0n;
    this.#onTrial = undefined;
    await this.#unlessRefused(() =>
      images.during(async () => {
        const options = { onUnseen: onUnseen(), since: this.#ages.of(image.rules), ...this.#ancestryFor(image) };
        generation = (await session.stage(image.bytes, options)).generation;
        return { generation, image };
      }),
    );
    this.#onTrial = image;
    return { generation };
  }

  /** Puts into force what is on trial. Rejects when nothing is: a reload has ended it. */
  async promote(prepared: Prepared): Promise<void> {
    await this.#activate(prepared, () => this.#parts.session.promote());
    logPlaces(this.#parts.log, prepared.image.places);
  }

  /** Ends a trial. */
  async discard(): Promise<void> {
    await this.#parts.session.discard();
    this.#onTrial = undefined;
    this.#forgetHistory();
  }

  /** Detaches everything: nothing is decided, refused or killed until `on`. `by` goes to log and status. */
  async off(by: string): Promise<void> {
    if (this.#switch.is === 'off') return;
    const { session, metrics, health, log } = this.#parts;
    await this.#parts.sweep.end();
    await session.suspend();
    this.#onTrial = undefined;
    this.#parts.history.forget();
    this.#switch = { is: 'off', since: new Date(), by };
    health.enter('off');
    metrics.ready('not-ready');
    metrics.switched('off');
    log.warn('switched-off', `Enforcement is off: nothing is decided. Asked by ${by}.`, { by });
  }

  /** Attaches everything again with the policy that was in force. Rejects when the kernel does not take it; then it stays off. */
  async on(by: string): Promise<void> {
    if (this.#switch.is === 'on') return;
    const { session, metrics, health, log } = this.#parts;
    session.resume();
    try {
      if (this.#inForce !== undefined) await this.#activate(this.#inForce.prepared);
    } catch (error) {
      await session.suspend();
      throw error;
    }
    this.#switch = { is: 'on' };
    health.enter('ready');
    metrics.ready('ready');
    metrics.switched('on');
    log.warn('switched-on', `Enforcement is on again. Asked by ${by}.`, { by });
  }

  /** Throws ControlError: `no-such-rule`, `cannot-enforce`. */
  setMode(id: string, wanted: WantedMode, by: string): RulePlace {
    const { session, images, log } = this.#parts;
    const { prepared, image: before, generation } = this.#inForce!;
    const place = placeOf(id, prepared.image);
    const policyMode = prepared.modes.get(id) ?? place.rule.mode;
    const mode = wanted === 'policy' ? policyMode : wanted;
    if (mode === 'enforce' && place.inEnforce === 'report') {
      throw new ControlError('cannot-enforce', `The rule ${id} can only report: ${place.why}`);
    }
    if (wanted === 'policy') this.#modes.delete(id);
    else this.#modes.set(id, wanted);
    const image = withMode(before, id, mode);
    this.#inForce = { ...this.#inForce!, image };
    const number = image.rules.findIndex(({ rule }) => rule.id === id);
    if (number >= 0 && this.#switch.is === 'on') session.setMode(number, mode);
    images.replace(generation, image);
    this.#sayModes();
    this.#ages.note(image.rules, this.#parts.bootTime());
    const written = mode === policyMode ? '' : ` Its policy says ${policyMode}.`;
    const text = `The rule ${id} is in mode ${mode}.${written} Asked by ${by}.`;
    log.warn('rule-mode', text, { rule: id, mode, policyMode, by });
    return place;
  }

  async #activate(prepared: Prepared, swap: () => Promise<Activation> = () => this.#swap(prepared)): Promise<void> {
    const { images, rules, log, metrics, health } = this.#parts;
    const { image, ruleset } = prepared;
    await images.during(async () => {
      const activation = await this.#unlessRefused(swap);
      const { generation, slot, milliseconds, orphans } = activation;
      if (orphans > 0) {
        const text = `What ${orphans} processes descend from is not known: rules that ask for it are unknown about them.`;
        log.warn('lineage-unknown', text, { orphans });
      }
      const moded = this.#applyModes(prepared);
      this.#inForce = { prepared, image: moded, generation, since: new Date() };
      this.#onTrial = undefined;
      this.#forgetHistory();
      this.#ages.note(moded.rules, this.#parts.bootTime(), activation.since);
      const facts = imageFacts(prepared, activation);
      metrics.imageActive(facts);
      rules.use(ruleset.rules);
      this.#followExecs(image);
      const shown = { image: image.hash, generation: Number(generation), rules: ruleset.rules.length };
      health.state(shown);
      const text = `${ruleset.rules.length} rules are in force.`;
      log.info('image-active', text, { ...shown, bytes: facts.bytes, places: facts.places, slot, milliseconds });
      return { generation, image: moded };
    });
    const { image: inForce, generation } = this.#inForce!;
    this.#parts.onActive(this.#inForce!);
    this.#sayModes();
    this.#parts.sweep.begin(inForce, generation);
  }

  #sayModes(): void {
    const { rules, exitRules = [] } = this.#inForce!.image;
    const enforces = [...rules, ...exitRules].some(({ rule }) => rule.mode === 'enforce');
    this.#parts.onModes?.(enforces ? 'enforces' : 'only-reports');
  }

  #swap({ image }: Prepared): Promise<Activation> {
    const { session, onUnseen } = this.#parts;
    const since = this.#ages.of(image.rules);
    const onEqual = this.#inForce === undefined ? this.#first : 'swap';
    return session.activate(image.bytes, { onUnseen: onUnseen(), since, onEqual, ...this.#ancestryFor(image) });
  }

  /** Who lived before the image is told to it from what was executed meanwhile. */
  #ancestryFor({ lineage = [] }: PolicyImage): { ancestry?: AncestrySource } {
    const { history, bootTime } = this.#parts;
    if (lineage.length === 0) return {};
    // what is executed from now on under the image may be told before it is in force
    history.follow();
    return { ancestry: (orphan) => history.ancestry(orphan, lineage, bootTime()) };
  }

  /** An image that the kernel does not take may have asked for what was executed. */
  async #unlessRefused<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      this.#forgetHistory();
      throw error;
    }
  }

  /** What was executed is of no use while nothing in force, and nothing on trial, asks what processes descend from. */
  #forgetHistory(): void {
    const asking = [this.#inForce?.image, this.#onTrial].some((image) => (image?.lineage ?? []).length > 0);
    if (!asking) this.#parts.history.forget();
  }

  /** Modes that somebody has set outlive a swap; those of rules that are gone do not. */
  #applyModes({ image }: Prepared): PolicyImage {
    let moded: PolicyImage = image;
    for (const [id, mode] of this.#modes) {
      const place = image.places.find(({ rule }) => rule.id === id);
      if (place === undefined || (mode === 'enforce' && place.inEnforce === 'report')) {
        this.#modes.delete(id);
        continue;
      }
      const number = image.rules.findIndex(({ rule }) => rule.id === id);
      if (number >= 0) this.#parts.session.setMode(number, mode);
      moded = withMode(moded, id, mode);
    }
    return moded;
  }

  /** A rule about the end of a process asks what it ran; the kernel reports every exec meanwhile. */
  #followExecs({ exitRules = [] }: PolicyImage): void {
    const { processes, bootTime } = this.#parts;
    if (exitRules.length > 0) processes.follow(bootTime());
    else processes.unfollow();
  }
}

function placeOf(id: string, { places }: PolicyImage): RulePlace {
  const place = places.find(({ rule }) => rule.id === id);
  if (place !== undefined) return place;
  const ids = places.map(({ rule }) => rule.id);
  const help = didYouMean(id, ids);
  throw new ControlError('no-such-rule', `There is no rule ${id} in force${help === undefined ? '.' : `: ${help}`}`);
}

/** The same image with another mode of one rule, for the events that come from now on. */
function withMode(image: PolicyImage, id: string, mode: Mode): PolicyImage {
  const moded = <Entry extends { rule: Rule }>(entry: Entry): Entry =>
    entry.rule.id === id ? { ...entry, rule: { ...entry.rule, mode } } : entry;
  const { exitRules } = image;
  return {
    ...image,
    rules: image.rules.map(moded),
    ...(exitRules !== undefined && { exitRules: exitRules.map(moded) }),
  };
}
