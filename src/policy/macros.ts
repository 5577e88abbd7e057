/** Macro definitions to the macros that expressions can use. */
import {
  type ArrayAst,
  catalogue,
  checkMacro,
  constants,
  type Macro,
  type MacroAst,
  macroFromValues,
  parseMacro,
  type Scope,
} from '../secl/index.js';
import type { MacroDefinition } from './definition.js';
import { reportSeclError } from './secl.js';

/** In the order of definition. What cannot be parsed, or stands for itself, is reported and left out. */
export function loadMacros(definitions: readonly MacroDefinition[]): ReadonlyMap<string, Macro> {
  const macros = new Map<string, Macro>();
  for (const definition of definitions) {
    const macro = parse(definition);
    if (macro !== undefined) macros.set(definition.id, macro);
  }
  const circular = circularMacros(macros);
  for (const definition of definitions) {
    const path = circular.get(definition.id);
    if (path === undefined) continue;
    const message = `the macro \`${definition.id}\` stands for itself: ${path.join(' -> ')}`;
    const finding = { severity: 'error', code: 'macro-cycle', message, rule: definition.id } as const;
    definition.reporter.report(finding, definition.range);
    macros.delete(definition.id);
  }
  return macros;
}

/** Checks each macro by itself, so that one that no rule uses is not silently wrong. */
export function checkMacros(definitions: readonly MacroDefinition[], scope: Scope): void {
  for (const { id, body, reporter, range } of definitions) {
    if (constants.has(id) || catalogue.find(id) !== undefined) {
      const message = `\`${id}\` is a constant or a field, which expressions take before a macro of this name`;
      reporter.report({ severity: 'warning', code: 'hidden-macro', message, rule: id }, range);
    }
    const macro = scope.macros.get(id);
    if (macro === undefined || body.form !== 'expression') continue;
    try {
      checkMacro(macro, scope);
    } catch (error) {
      reportSeclError(error, { text: body.expression, reporter: body.reporter }, id);
    }
  }
}

function parse({ body, id }: MacroDefinition): Macro | undefined {
  switch (body.form) {
    case 'values':
      return macroFromValues(body.values.map(({ value }) => value));
    case 'expression':
      try {
        return parseMacro(body.expression.value);
      } catch (error) {
        reportSeclError(error, { text: body.expression, reporter: body.reporter }, id);
        return undefined;
      }
  }
}

/** For each macro that is part of a circle: the way from it back to it. */
function circularMacros(macros: ReadonlyMap<string, Macro>): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, readonly string[]>();
  for (const [id, { ast }] of macros)
    uses.set(
      id,
      [...new Set(names(ast))].filter((name) => macros.has(name)),
    );
  const circular = new Map<string, readonly string[]>();
  const done = new Set<string>();
  for (const start of uses.keys()) {
    // Depth first with a stack of its own: chains of macros may be as long as the file.
    const path: string[] = [];
    const pending: { id: string; leave?: true }[] = [{ id: start }];
    while (pending.length > 0) {
      const { id, leave } = pending.pop()!;
      if (leave) {
        path.pop();
        done.add(id);
        continue;
      }
      const onPath = path.indexOf(id);
      if (onPath >= 0) {
        const circle = path.slice(onPath);
        circle.forEach((member, index) => {
          circular.set(member, [...circle.slice(index), ...circle.slice(0, index), member]);
        });
        continue;
      }
      if (done.has(id)) continue;
      path.push(id);
      pending.push({ id, leave: true }, ...uses.get(id)!.map((used) => ({ id: used })));
    }
  }
  return circular;
}

/** Every identifier in a macro: fields, constants and macros alike. */
function* names(ast: MacroAst | ArrayAst): Iterable<string> {
  switch (ast.kind) {
    case 'identifier':
      yield ast.name;
      return;
    case 'list':
      for (const member of ast.members) yield* names(member);
      return;
    case 'group':
      yield* names(ast.inner);
      return;
    case 'unary':
      yield* names(ast.operand);
      return;
    case 'logical':
    case 'sum':
    case 'bits':
      for (const operand of ast.operands) yield* names(operand);
      return;
    case 'comparison':
    case 'membership':
      yield* names(ast.left);
      yield* names(ast.right);
      return;
    default:
      return;
  }
}
