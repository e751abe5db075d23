/** Processes under load on one store and one emulator, driven by a test. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import axios from 'axios';
import { attachProcore } from '../../../src/attach/attach.js';
import { startEmulator, type Emulator } from '../../../src/emulator/index.js';
import type { RenewalOptions } from '../../../src/options/options.js';
import { forkProgram } from '../../support/fork.js';
import type { DrainOrder, DrainReport } from './drain-worker.js';
import { openStore, type StoreKind } from './open-store.js';
import { until } from './until.js';

const program = new URL('./drain-worker.ts', import.meta.url);

export interface FleetMember {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  renew(): Promise<readonly string[]>;
  calls(): Promise<{ answered: number; failures: readonly string[] }>;
  /** Waits until it has made further calls. */
  goesOn(): Promise<void>;
  /** Resolves with its exit code once it has ended by itself. */
  finish(): Promise<unknown>;
}

export interface DrainingFleet extends AsyncDisposable {
  readonly emulator: Emulator;
  start(renewal?: RenewalOptions): Promise<FleetMember>;
}

/** A fleet with nobody in it, and tokens for these accounts in its store. */
export async function createFleet(
  kind: StoreKind,
  location: string,
  accounts: readonly string[] = ['default'],
): Promise<DrainingFleet> {
  const emulator = await startEmulator();
  // A call takes a moment before its token is looked at, so that some are always in flight.
  emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'delay', ms: 20 } });
  const { store, close } = await openStore(kind, location);
  for (const account of accounts) {
    const procore = attachProcore(axios.create({ baseURL: emulator.url, proxy: false }), {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      account,
      store,
    });
    await procore.setTokens(emulator.issue());
    await procore.idle();
    procore.detach();
  }
  await close();
  const members: FleetMember[] = [];

  return {
    emulator,
    async start(renewal = {}) {
      const args = [emulator.url, kind, location, JSON.stringify(renewal), accounts.join(',')];
      const child = forkProgram(program, args);
      const ended = once(child, 'exit').then(([code]) => code as unknown);
      async function ask<K extends DrainReport['kind']>(
        order: DrainOrder,
        kind: K,
      ): Promise<Extract<DrainReport, { kind: K }>> {
        const reported = new Promise<DrainReport>((resolve) => {
          const hear = (report: DrainReport) => {
            if (report.kind !== kind) return;
            child.off('message', hear);
            resolve(report);
          };
          child.on('message', hear);
        });
        child.send(order);
        return (await reported) as Extract<DrainReport, { kind: K }>;
      }
      const calls = () => ask('calls', 'calls');
      const member: FleetMember = {
        child,
        ended,
        renew: async () => (await ask('renew', 'renewed')).tokenEvents,
        calls,
        async goesOn() {
          const { answered } = await calls();
          await until(async () => (await calls()).answered >= answered + 6, 'further calls');
        },
        async finish() {
          await ask('finish', 'ended');
          return ended;
        },
      };
      members.push(member);
      await once(child, 'message');
      await member.goesOn();
      return member;
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of members) child.kill('SIGKILL');
      await Promise.all(members.map(({ ended }) => ended));
      await emulator.close();
    },
  };
}
