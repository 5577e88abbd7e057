/** Signals as requests: SIGHUP asks for a reload, SIGTERM and SIGINT for the end. */
export interface SignalRequests {
  /** Resolves with the name of the signal that asked for the end. */
  readonly end: Promise<NodeJS.Signals>;
  /** Whether the end was asked for already. */
  readonly ending: boolean;
  /** Called at each SIGHUP; one that came before this call counts. */
  onReload(reload: () => void): void;
  /** The process reacts to its signals as before. */
  dispose(): void;
}

export function listenForSignals(source: NodeJS.EventEmitter = process): SignalRequests {
  let ending = false;
  let missed = false;
  let react = (): void => {
    missed = true;
  };
  let resolveEnd: (signal: NodeJS.Signals) => void = () => {};
  const end = new Promise<NodeJS.Signals>((resolve) => {
    resolveEnd = resolve;
  });
  const onEnd = (signal: NodeJS.Signals) => {
    ending = true;
    resolveEnd(signal);
  };
  const onHangUp = () => react();
  source.on('SIGTERM', onEnd);
  source.on('SIGINT', onEnd);
  source.on('SIGHUP', onHangUp);
  return {
    end,
    get ending() {
      return ending;
    },
    onReload(reload) {
      react = reload;
      if (missed) reload();
      missed = false;
    },
    dispose() {
      source.off('SIGTERM', onEnd);
      source.off('SIGINT', onEnd);
      source.off('SIGHUP', onHangUp);
    },
  };
}
