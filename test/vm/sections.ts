/** What a guest script printed, by its sections: lines `== NAME` begin one. */
export function sectionsOf(output: string): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith('== ')) {
      current = [];
      sections.set(line.slice('== '.length), current);
    } else if (line !== '') {
      current.push(line);
    }
  }
  const failure = sections.get('failure');
  if (failure !== undefined) throw new Error(`the guest gave up: ${failure.join('\n')}`);
  return sections;
}
