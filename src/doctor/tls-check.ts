import { type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { commandFor } from '../daemon/index.ts';
import { parsePrivateKey } from '../net/index.ts';
import { defineMessages, explainSystemError, Problems } from '../text/index.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'TLS is not in use', ru: 'TLS не используется' },
  valid: { en: '{path} is valid until {until}, {days} days', ru: '{path} действителен до {until}, дней: {days}' },
  soon: { en: '{path} ends on {until}, in {days} days', ru: '{path} истекает {until}, осталось дней: {days}' },
  over: { en: '{path} ended on {until}', ru: '{path} истёк {until}' },
  early: { en: '{path} is not valid before {from}', ru: '{path} начнёт действовать только {from}' },
  renew: {
    en: 'Put a new certificate and key in their place, then: {command}',
    ru: 'Замените сертификат и ключ, затем: {command}',
  },
  clock: { en: 'Check the clock of this machine, or wait', ru: 'Проверьте часы этой машины или подождите' },
  unreadable: { en: '{path}: {error}', ru: '{path}: {error}' },
  pem: { en: 'Give a file in PEM format', ru: 'Укажите файл в формате PEM' },
  plainKey: {
    en: 'Give a private key in PEM format, without a passphrase',
    ru: 'Укажите закрытый ключ в формате PEM, без пароля',
  },
  mismatch: { en: '{key} is not the key of {path}', ru: '{key} — не ключ от {path}' },
  pair: { en: 'Give certificate and key of the same pair', ru: 'Укажите сертификат и ключ из одной пары' },
});

const DAY_MS = 86_400_000;
/** As in the alert of deploy/monitoring. */
const SOON_DAYS = 14;

export const tlsCheck: Check = {
  name: 'tls',
  look({ config, lang, now, daemon }) {
    const { tlsCert, tlsKey, tlsClientCa } = config;
    const say = messages(lang);
    if (tlsCert === null) return [ok(say('none'))];
    const findings: Finding[] = [];
    const read = <T>(path: string, parse: (pem: Buffer) => T): T | null => {
      try {
        return parse(readFileSync(path));
      } catch (error) {
        const [problem] = error instanceof Problems ? error.list : [];
        if (problem !== undefined) findings.push(fail(problem[lang], say('plainKey')));
        else findings.push(fail(say('unreadable', { path, error: explainSystemError(error)[lang] }), say('pem')));
        return null;
      }
    };
    for (const path of [tlsCert, ...(tlsClientCa === null ? [] : [tlsClientCa])]) {
      const certificate = read(path, (pem) => new X509Certificate(pem));
      if (certificate !== null)
        findings.push(validity(path, certificate, say, now, commandFor(daemon.other, 'reload')));
    }
    if (tlsKey !== null) findings.push(...pairing(tlsCert, tlsKey, read, say));
    return findings;
  },
};

type Say = ReturnType<typeof messages>;

function validity(path: string, certificate: X509Certificate, say: Say, now: Date, command: string): Finding {
  const { validFrom, validTo } = certificate;
  const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
  const params = { path, from: dayOf(validFrom), until: dayOf(validTo), days };
  if (Date.parse(validFrom) > now.getTime()) return fail(say('early', params), say('clock'));
  if (days < 0) return fail(say('over', params), say('renew', { command }));
  return days < SOON_DAYS ? warn(say('soon', params), say('renew', { command })) : ok(say('valid', params));
}

function pairing(
  certPath: string,
  keyPath: string,
  read: <T>(path: string, parse: (pem: Buffer) => T) => T | null,
  say: Say,
): Finding[] {
  const key: KeyObject | null = read(keyPath, (pem) => parsePrivateKey(pem, keyPath));
  if (key === null) return [];
  try {
    if (new X509Certificate(readFileSync(certPath)).checkPrivateKey(key)) return [];
  } catch {
    return []; // the certificate was complained about already
  }
  return [fail(say('mismatch', { key: keyPath, path: certPath }), say('pair'))];
}

function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
