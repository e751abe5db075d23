/**
 * The libraries of the command. The build puts them into one file beside it, with their licences, so that an application that installs
 * the package for its interceptor installs none of them.
 */
import picocolors from 'picocolors';

export { Command, CommanderError, InvalidArgumentError } from 'commander';
export { default as openBrowser } from 'open';
export { default as createSpinner } from 'yocto-spinner';
/** Makes the functions that colour texts. */
export const createColors: typeof picocolors.createColors = picocolors.createColors;
