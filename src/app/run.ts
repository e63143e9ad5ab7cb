import { randomUUID } from 'node:crypto';
import type { CommandContext } from '../cli/index.ts';
import { openLog, ReadyNotice, refuseStart, runService } from '../process/index.ts';
import { probeCapabilities } from './capabilities.ts';
import { RouterApp } from './router-app.ts';
import { loadSecurity } from './security-files.ts';

/** Runs the router in the foreground until it is stopped; returns the exit code. */
export async function runRouter(context: CommandContext): Promise<number> {
  const { config } = context;
  const security = loadSecurity(config);
  if (!security.ok) return refuseStart(context, security.problems);
  return runService(context, security.files.warnings, async (tools) => {
    const capabilities = await probeCapabilities(config.nodeInternals);
    const instanceId = randomUUID();
    return new RouterApp({
      ...tools,
      config,
      capabilities,
      security: security.files,
      instanceId,
      openLog,
      worker: null,
      readyNotice: new ReadyNotice(config, instanceId, tools.log),
      listen: (listener) => listener.listen(config.host, config.port),
    });
  });
}
