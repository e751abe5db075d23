import nock from 'nock';

/** What a host was sent. */
export interface Seen {
  authorization: string | undefined;
  companyId: string | undefined;
  path: string;
}

/** Answers 200 once for each expected path of a host that this machine cannot or must not reach, and remembers the headers. */
export function answerAt(origin: string, ...paths: string[]): Seen[] {
  const seen: Seen[] = [];
  for (const path of paths) {
    nock(origin)
      .get(path)
      .reply(function (uri) {
        const header = (name: string) => {
          const value = (this.req.headers as Record<string, string | string[] | undefined>)[name];
          return Array.isArray(value) ? value.join() : value;
        };
        seen.push({
          authorization: header('authorization'),
          companyId: header('procore-company-id'),
          path: uri,
        });
        return [200, { ok: true }];
      });
  }
  return seen;
}
