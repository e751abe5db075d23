/** The library of this entry. The build puts it into a file beside the entry, with its licence, so that nobody has to install it. */
export { default as LinkHeader } from 'http-link-header';
