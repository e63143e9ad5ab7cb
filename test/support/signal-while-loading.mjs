/**
 * Preloaded into a router: sends it the signals named in EARLY_SIGNALS when the first module after the entry is about to be
 * loaded, which is as early as the program can answer for.
 */
import { register } from 'node:module';

if (process.env.EARLY_SIGNALS !== undefined) {
  const hooks = `
    let isSent = false;
    export async function load(url, context, next) {
      if (!isSent && /\\/cli(\\/index|-\\w+)\\.[jt]s$/.test(url)) {
        isSent = true;
        for (const signal of ${JSON.stringify(process.env.EARLY_SIGNALS.split(','))}) process.kill(${process.pid}, signal);
      }
      return next(url, context);
    }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
