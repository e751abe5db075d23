/** The library of this entry. The build puts it into a file beside the entry, with its licence, so that nobody has to install it. */
export { match } from 'path-to-regexp';
