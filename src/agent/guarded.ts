import { sentenceOf } from './sentence.js';

/**
 * What a timer does: where it fails that is said, and the agent goes on. What fails again and again in the same way is said once, and
 * again when it had worked meanwhile.
 */
export function guarded(act: () => void, say: (why: string) => void): () => void {
  let said: string | undefined;
  return () => {
    try {
      act();
      said = undefined;
    } catch (error) {
      const why = sentenceOf(error);
      if (why !== said) say(why);
      said = why;
    }
  };
}
