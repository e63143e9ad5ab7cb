import { parts } from './dom.js';
import { say } from './texts.js';

const shown = new Map();

/** Shows a notice about the connection to the router; it replaces the notice with the same `key`. */
export function notice(key, tone, text, canDismiss = false) {
  forget(key);
  const element = document.createElement('div');
  element.className = 'notice';
  element.dataset.tone = tone;
  element.append(text);
  if (canDismiss) element.append(dismissButton(key));
  parts.notices.append(element);
  shown.set(key, element);
}

export function forget(key) {
  shown.get(key)?.remove();
  shown.delete(key);
}

function dismissButton(key) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = say('dismiss');
  button.addEventListener('click', () => forget(key));
  return button;
}
