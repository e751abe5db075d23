import { endpointList } from '../../../src/wire/endpoints.js';
import { healthOf, type HealthReport } from '../../../src/health/index.js';
import { loadEcharts, loadPapaparse } from '../../../src/health/peers.js';
import { createRecorder } from '../../../src/health/recorder.js';
import { createEvents } from '../../../src/observe/events.js';
import { createLog } from '../../../src/observe/log.js';

/** Fourteen days with each kind of trouble, long routes among them. */
export function troubledReport(): HealthReport {
  const rows = ['Date,Response Code,HTTP Method,Normalized Route,Count'];
  for (let day = 17; day <= 30; day++) {
    const row = (status: number, method: string, route: string, calls: number) =>
      void rows.push(`2026-06-${day},${status},${method},${route},${calls}`);
    row(200, 'GET', '/rest/v1.0/projects', 4000 + 150 * day);
    row(200, 'PATCH', '/rest/v1.0/projects/:project_id/rfis/:id', 900 - 20 * day);
    if (day % 3 === 0) row(403, 'GET', '/rest/v1.0/projects/:project_id/budget_line_items', 90 + day);
    if (day > 26)
      row(
        404,
        'GET',
        '/rest/v2.0/companies/:company_id/projects/:project_id/specification_section_revisions/:id',
        700,
      );
    if (day % 5 === 0) row(429, 'GET', '/rest/v1.0/projects', 8);
    if (day === 21) row(401, 'GET', '/rest/v1.0/me', 6);
    if (day > 24) row(200, 'GET', '/vapid/projects/:project_id/submittal_logs', 12);
    if (day === 28) row(503, 'POST', '/rest/v1.0/projects/:project_id/daily_logs', 240);
  }
  return healthOf(rows.join('\n'));
}

/** A report in which nothing is wrong. */
export function healthyReport(): HealthReport {
  return healthOf(
    'Date,Response Code,HTTP Method,Normalized Route,Count\n2026-06-30,200,GET,/rest/v1.0/me,1',
  );
}

/** What a recorder has of a night: calls of three users, a herd at the limit, an outage, and a user who has to log in anew. */
export function recordedReport(): HealthReport {
  let nowMs = Date.parse('2026-06-30T00:00:00Z');
  const quiet = () => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const events = createEvents(createLog(logger, () => nowMs));
  const emit = events.emit as (event: string, detail: object) => void;
  const recorder = createRecorder({
    handle: { on: events.on },
    env: { now: () => nowMs, sleep: async () => undefined },
    known: { deprecated: endpointList([]), private: endpointList([]) },
    maxRoutes: 100,
    file: undefined,
    papaparse: () => loadPapaparse('csv'),
    echarts: () => loadEcharts('html'),
  });
  let calls = 0;
  const call = (some: object, wait?: { reason: string; ms: number }) => {
    const named = { callId: `c${++calls}`, account: 'default', host: 'api.procore.com', method: 'GET' };
    const path = `/rest/v1.0/projects/${calls}/rfis`;
    if (wait) emit('request-waiting', { ...named, path, reason: wait.reason, attempt: 1 });
    const told = { attempts: 1, status: 200, hasCompanyId: true, waitedMs: wait?.ms ?? 0, durationMs: 90 };
    emit('request-settled', { ...named, path, ...told, ...some });
  };
  for (let minute = 0; minute < 8 * 60; minute++) {
    nowMs += 60_000;
    const busy = Math.round(6 + 5 * Math.sin(minute / 40));
    for (let index = 0; index < busy; index++) call({ limit: 600, remaining: 600 - (minute % 60) * busy });
    if (minute > 120 && minute < 140)
      for (let index = 0; index < 4; index++)
        call({ limit: 25, remaining: index }, { reason: 'rate-limit', ms: 7_400 });
    if (minute > 250 && minute < 262) {
      call({ status: 503, kind: 'unavailable' }, { reason: 'unavailable', ms: 30_000 });
      call(
        { status: undefined, kind: 'connection-lost', code: 'ECONNRESET' },
        { reason: 'retry', ms: 2_100 },
      );
    }
    if (minute % 45 === 0) call({}, { reason: 'token', ms: 310 });
    if (minute % 50 === 7)
      call({ status: 403, kind: 'app-not-connected', path: '/rest/v1.0/companies/12/users' });
    ['562949953421312', '562949953421999', '562949953422001'].forEach((account, index) => {
      if (minute % 80 !== 10 * index || (index === 1 && minute > 170)) return;
      const accessToken = (0x3ac1f00d + minute * 65_537).toString(16).slice(0, 8);
      const expiresAt = new Date(nowMs + 90 * 60_000);
      emit(index === 2 ? 'token-adopted' : 'token-renewed', {
        account,
        accessToken,
        expiresAt,
        unsaved: false,
        from: 'store',
      });
    });
    if (minute === 250)
      emit('reauthentication-required', {
        account: '562949953421999',
        reason: 'refresh-token-invalid',
        message:
          'The refresh token of account "562949953421999" is spent or revoked. The user must log in anew.',
      });
    if (minute === 255)
      emit('token-renewal-failed', {
        account: '562949953421312',
        code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
        message: 'The token endpoint gave no answer in 60 s.',
      });
  }
  return recorder.report();
}
