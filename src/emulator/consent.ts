import { escapeHtml, page } from './html.js';
import type { Reply } from './message.js';

/** The users that the page offers; `issue` and `authorize` of the emulator accept any user. */
const users = [1, 2, 3];

/** The consent page. Its form posts the parameters of the request, the chosen user and the decision. */
export function consentPage(clientId: string, redirectUri: string, asked: URLSearchParams): Reply {
  const hidden = ['response_type', 'client_id', 'redirect_uri', 'state']
    .filter((name) => asked.has(name))
    .map((name) => `<input type="hidden" name="${name}" value="${escapeHtml(asked.get(name)!)}">`);
  const choices = users.map(
    (id) =>
      `<label><input type="radio" name="user_id" value="${id}"${id === users[0] ? ' checked' : ''}> User ${id}</label><br>`,
  );
  return page(
    200,
    'Emulated Procore',
    `<p>The app <b>${escapeHtml(clientId)}</b> asks to act for you. Whatever you answer, you go to <b>${escapeHtml(redirectUri)}</b>.</p>
<form method="post" action="/oauth/authorize">
${[...hidden, ...choices].join('\n')}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`,
  );
}

/** The page for the out-of-band redirect URI, from which the user copies the code. */
export function codePage(code: string): Reply {
  return page(
    200,
    'Your code',
    `<p>Copy this code into the app. It works once, for ten minutes.</p>\n<p><code>${escapeHtml(code)}</code></p>`,
  );
}

/** The error page for a request whose redirect URI cannot be used. */
export function refusalPage(status: number, title: string, description: string): Reply {
  return page(status, title, `<p>${escapeHtml(description)}</p>`);
}
