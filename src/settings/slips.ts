import { logVariable, prefix, readNames, variableNames, type Variables } from './variables.js';

/**
 * A probably misspelt variable: one that is set, not read, and has almost the name of one that is not set. Undefined where there is none.
 */
export function slipIn(environment: Variables): string | undefined {
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const names = [...variableNames, ...variableNames.map((name) => prefix + name), logVariable];
  const unset = names.filter((name) => !isSet(name));
  const slips = Object.keys(environment).flatMap((name) => {
    const isOther = !readNames.has(name) && isSet(name);
    const meant = isOther ? unset.find((one) => isSlip(name, one)) : undefined;
    return meant === undefined ? [] : [`${name} is set and not read: is ${meant} meant?`];
  });
  return slips.length === 0 ? undefined : slips.join(' ');
}

/** Whether a name differs from another by one letter that was added, left out, changed or swapped; underscores and case are ignored. */
function isSlip(name: string, meant: string): boolean {
  const [a, b] = [name, meant].map((one) => one.toUpperCase().replaceAll('_', '')) as [string, string];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
