import { createApi } from '../../src/api/index.ts';
import { VERSION } from '../../src/config/index.ts';
import { Operator } from '../../src/router/index.ts';
import { ApiCounters } from '../../src/telemetry/index.ts';
import { idleCore } from './metrics-reference.ts';

/** docs/openapi.json: the description of the HTTP API, as the router serves it. */
export async function openApiDocument(): Promise<string> {
  const core = idleCore();
  const nothing = (): void => {};
  const app = await createApi(
    {
      core,
      operator: new Operator(core, () => ''),
      counters: new ApiCounters(),
      log: { info: nothing, warnOnce: nothing, error: nothing },
      tokens: () => null,
      status: () => null,
      config: () => null,
      drain: nothing,
      origins: [],
      onlyLoopbackNames: true,
      version: VERSION,
    },
    null,
  );
  const document = app.swagger();
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}
