import { expect, test } from 'vitest';
import { Health } from '../../src/telemetry/health.js';
import { limits } from '../../src/telemetry/limits.js';

const flowing = { stuckFor: 0, failure: undefined };

test('ready only while a policy is in force', () => {
  const health = new Health(flowing);
  expect(health.readiness()).toEqual({ status: 503, body: { status: 'starting' } });
  health.state({ tier: 'lsm' });
  health.enter('ready');
  health.state({ rules: 3 });
  expect(health.readiness()).toEqual({ status: 200, body: { status: 'ready', tier: 'lsm', rules: 3 } });
  health.enter('stopping');
  expect(health.readiness().status).toBe(503);
});

test('alive until records of the kernel have been on their way for too long', () => {
  const health = new Health(flowing);
  const delivery = { waitingFor: limits.stuckDelivery.value };
  health.watchDelivery(delivery);
  expect(health.live()).toEqual({ status: 200, body: { status: 'ok' } });
  delivery.waitingFor++;
  expect(health.live()).toEqual({
    status: 503,
    body: { status: 'stuck', delivery: { waiting_ms: limits.stuckDelivery.value + 1 } },
  });
});

test('alive until the log has accepted nothing for too long', () => {
  const log = { stuckFor: limits.stuckDelivery.value, failure: { code: 'ENOSPC', message: 'no space' } };
  const health = new Health(log);
  expect(health.live()).toEqual({ status: 200, body: { status: 'ok', log: log.failure } });
  log.stuckFor++;
  expect(health.live().status).toBe(503);
});
