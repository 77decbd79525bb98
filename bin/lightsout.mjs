#!/usr/bin/env node
// Old versions of Node.js must be able to read this file, so that they can say that they are too old: it imports nothing
// before it has looked, and keeps to syntax that Node.js 12 knows.
const version = process.versions.node.split('.').map(Number);
const isTooOld = version[0] < 20 || (version[0] === 20 && version[1] < 19);

if (isTooOld) {
  process.stderr.write(`lightsout needs Node.js 20.19 or later, and this is Node.js ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  void start();
}

/** Runs the program in this process, so that signals and exit codes are its own. In a checkout, it is built before. */
async function start() {
  const { existsSync } = await import('node:fs');
  if (existsSync(new URL('../src/main.ts', import.meta.url))) {
    const { build } = await import('./build.mjs');
    if (!(await build())) {
      process.exitCode = 1;
      return;
    }
  }
  await import(new URL('../dist/main.js', import.meta.url).href);
}
