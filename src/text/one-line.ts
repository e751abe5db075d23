/**
 * A text as one line that every logger writes as it is: control characters and line ends become a space. With a second argument console,
 * log4js, bunyan and pino take `%d` in the text for a placeholder and put that argument there, and winston drops it. So the escapes of a URL
 * are written with capitals, which means the same (RFC 3986, section 6.2.2.1) and is no placeholder (`%D0`), and a percent sign that could
 * be one in another place is written as `%25`.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/%[\da-f]{2}/gi, (escape) => escape.toUpperCase())
    .replace(/%(?=[a-z%O])/g, '%25')
    .trim();
}
