/**
 * Preloaded into a router: sends it the signals in EARLY_SIGNALS before the first module after the entry is loaded, the
 * earliest point at which the program can handle them.
 */
import { register } from 'node:module';

if (process.env.EARLY_SIGNALS !== undefined) {
  const hooks = `
    let isSent = false;
    export async function load(url, context, next) {
      if (!isSent && /\\/terminal(-\\w+)?\\.[jt]s$/.test(url)) {
        isSent = true;
        for (const signal of ${JSON.stringify(process.env.EARLY_SIGNALS.split(','))}) process.kill(${process.pid}, signal);
      }
      return next(url, context);
    }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
