import { SeclError, type Span, type Warning } from '../errors.js';
import type { EventType, Field, FieldUse, IteratorName } from '../field.js';
import { limits } from '../limits.js';
import type { Scope } from '../scope.js';
import { locatedInMacro } from './macro-use.js';

/** What is gathered while an expression is checked. */
export class CheckState {
  readonly scope: Scope;
  readonly warnings: Warning[] = [];
  readonly #fields = new Map<string, Field>();
  /** Fields that were named directly, which decide what event the rule is about. */
  readonly #uses: FieldUse[] = [];
  readonly #spans = new Map<FieldUse, Span>();
  #register: { readonly name: string; readonly iterator: IteratorName } | undefined;
  #nodes = 0;
  #depth = 0;
  readonly #macros: { readonly name: string; readonly use: Span; readonly text: string }[] = [];
  readonly #text: string;

  constructor(text: string, scope: Scope) {
    this.#text = text;
    this.scope = scope;
  }

  get fields(): readonly Field[] {
    return [...this.#fields.values()];
  }

  get register(): { readonly name: string; readonly iterator: IteratorName } | undefined {
    return this.#register;
  }

  /** The text that spans refer to at this moment: of the expression, or of the macro that is being put in. */
  get text(): string {
    return this.#macros[this.#macros.length - 1]?.text ?? this.#text;
  }

  /** Notes a field. `direct`: as itself, not through `%{}`, so that it says what event the rule is about. */
  use(use: FieldUse, span: Span, how: 'direct' | 'reference'): void {
    this.#fields.set(use.field.name, use.field);
    if (how === 'reference') return;
    this.#uses.push(use);
    this.#spans.set(use, this.#macros[0]?.use ?? span);
  }

  /** One register an expression, on one iterator. */
  useRegister(name: string, iterator: IteratorName, span: Span): void {
    this.#register ??= { name, iterator };
    if (this.#register.name !== name) {
      const message = `a second register ${name} beside ${this.#register.name}: one an expression is allowed`;
      throw new SeclError('register', message, span);
    }
    if (this.#register.iterator !== iterator) {
      const message = `the register ${name} runs over ${this.#register.iterator} and cannot also run over ${iterator}`;
      throw new SeclError('register', message, span);
    }
  }

  /** Counts a test, with the size of a long list. Throws past the limit. */
  count(span: Span, size = 1): void {
    this.#nodes += size;
    if (this.#nodes <= limits.expandedNodes.value) return;
    const message = `more than ${limits.expandedNodes.value} tests once macros are put in`;
    throw new SeclError('limit', message, span);
  }

  nested<T>(span: Span, check: () => T): T {
    if (++this.#depth > limits.expandedNesting.value) {
      throw new SeclError('limit', `nested deeper than ${limits.expandedNesting.value} levels with its macros`, span);
    }
    const result = check();
    this.#depth--;
    return result;
  }

  /** Checks inside a macro. Errors and warnings in it are told at the place of its use. */
  insideMacro<T>(name: string, text: string, use: Span, check: () => T): T {
    if (this.#macros.some((macro) => macro.name === name)) {
      const path = [...this.#macros.map((macro) => macro.name), name].join(' -> ');
      throw new SeclError('limit', `the macro ${name} stands for itself: ${path}`, use);
    }
    if (this.#macros.length >= limits.macroDepth.value) {
      throw new SeclError('limit', `more than ${limits.macroDepth.value} macros inside macros`, use);
    }
    this.#macros.push({ name, use, text });
    const before = this.warnings.length;
    try {
      const result = this.nested(use, check);
      for (let at = before; at < this.warnings.length; at++) {
        const { code, message } = this.warnings[at]!;
        this.warnings[at] = { code, message: `in the macro ${name}: ${message}`, ...use };
      }
      return result;
    } catch (error) {
      throw locatedInMacro(error, name, use);
    } finally {
      this.#macros.pop();
    }
  }

  /** The one event type the direct fields belong to, if they name any. Throws when they name two. */
  event(): EventType | undefined {
    let first: FieldUse | undefined;
    for (const use of this.#uses) {
      if (use.field.event === 'common') continue;
      first ??= use;
      if (use.field.event === first.field.event) continue;
      const message = `${use.field.name} is of the event ${use.field.event}, ${first.field.name} of ${first.field.event}: a rule is about one event`;
      throw new SeclError('event-mix', message, this.#spans.get(use)!);
    }
    const event = first?.field.event as EventType | undefined;
    for (const use of this.#uses) {
      const { restrictedTo, name } = use.field;
      if (event === undefined || restrictedTo === undefined || restrictedTo.includes(event)) continue;
      const message = `${name} is not there in the event ${event}, only in ${restrictedTo.join(', ')}`;
      throw new SeclError('event-mix', message, this.#spans.get(use)!);
    }
    return event;
  }
}
