/** The question makes no sense: a value does not fit its field, or a part has the wrong shape. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
  readonly code = 'question';
}
