// Imports axios, and then the package that is named, without a loader of TypeScript. Prints the milliseconds of processor time of each.
console.log(JSON.stringify([await took('axios'), await took(process.argv[2])]));

async function took(name) {
  const before = process.cpuUsage();
  await import(name);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
