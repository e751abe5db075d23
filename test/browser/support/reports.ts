import { healthOf, type HealthReport } from '../../../src/health/index.js';

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
