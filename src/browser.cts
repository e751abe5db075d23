/**
 * Every entry point under the condition "browser" of package.json. It is CommonJS whose exports cannot be known before it runs, so that
 * bundlers do not complain of missing names, and what is seen is this sentence.
 */
function refuse(): never {
  throw new Error(
    'axios-procore runs on a server, not in a browser: the client secret and the tokens that it uses must not reach a page. ' +
      'Call Procore on your server, and let the page ask the server; if this is the server, or its test, let the bundler resolve packages by the condition "node" instead of "browser".',
  );
}

const nothing: never = refuse();
export = nothing;
