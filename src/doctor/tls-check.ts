import { type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { commandFor } from '../daemon/index.ts';
import { parsePrivateKey } from '../net/index.ts';
import { defineMessages, explainSystemError, Problems } from '../text/index.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  none: { en: 'TLS is not used', ru: 'TLS не используется' },
  valid: {
    en: '{path} is valid until {until} ({days} {days:day|days})',
    ru: '{path} действителен до {until} (дней: {days})',
  },
  soon: {
    en: '{path} expires on {until}, in {days} {days:day|days}',
    ru: '{path} истекает {until}, осталось дней: {days}',
  },
  over: { en: '{path} expired on {until}', ru: '{path} истёк {until}' },
  early: { en: '{path} is not valid before {from}', ru: '{path} ещё не действителен, начало действия {from}' },
  renew: {
    en: 'Replace the certificate and the key, then: {command}',
    ru: 'Замените сертификат и ключ, затем: {command}',
  },
  clock: { en: 'Check the clock of this host, or wait', ru: 'Проверьте часы этой машины или подождите' },
  unreadable: { en: '{path}: {error}', ru: '{path}: {error}' },
  pem: { en: 'Provide a file in PEM format', ru: 'Укажите файл в формате PEM' },
  plainKey: {
    en: 'Provide a private key in PEM format without a passphrase',
    ru: 'Укажите закрытый ключ в формате PEM, без пароля',
  },
  mismatch: { en: '{key} is not the key of {path}', ru: '{key} не является ключом сертификата {path}' },
  pair: { en: 'Provide a certificate and its own key', ru: 'Укажите сертификат и соответствующий ему ключ' },
});

const DAY_MS = 86_400_000;
/** Same threshold as the alert in deploy/monitoring. */
const EXPIRY_WARN_DAYS = 14;

export const tlsCheck: Check = {
  name: 'tls',
  run({ config, lang, now, daemon }) {
    const { tlsCert, tlsKey, tlsClientCa } = config;
    const t = messages(lang);
    if (tlsCert === null) return [ok(t('none'))];
    const findings: Finding[] = [];
    const read = <T>(path: string, parse: (pem: Buffer) => T): T | null => {
      try {
        return parse(readFileSync(path));
      } catch (error) {
        const [problem] = error instanceof Problems ? error.list : [];
        if (problem !== undefined) findings.push(fail(problem[lang], t('plainKey')));
        else findings.push(fail(t('unreadable', { path, error: explainSystemError(error)[lang] }), t('pem')));
        return null;
      }
    };
    for (const path of [tlsCert, ...(tlsClientCa === null ? [] : [tlsClientCa])]) {
      const certificate = read(path, (pem) => new X509Certificate(pem));
      if (certificate !== null)
        findings.push(checkValidity(path, certificate, t, now, commandFor(daemon.other, 'reload')));
    }
    if (tlsKey !== null) findings.push(...checkKeyPair(tlsCert, tlsKey, read, t));
    return findings;
  },
};

type Translator = ReturnType<typeof messages>;

function checkValidity(path: string, certificate: X509Certificate, t: Translator, now: Date, command: string): Finding {
  const { validFrom, validTo } = certificate;
  const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
  const params = { path, from: dayOf(validFrom), until: dayOf(validTo), days };
  if (Date.parse(validFrom) > now.getTime()) return fail(t('early', params), t('clock'));
  if (days < 0) return fail(t('over', params), t('renew', { command }));
  return days < EXPIRY_WARN_DAYS ? warn(t('soon', params), t('renew', { command })) : ok(t('valid', params));
}

function checkKeyPair(
  certPath: string,
  keyPath: string,
  read: <T>(path: string, parse: (pem: Buffer) => T) => T | null,
  t: Translator,
): Finding[] {
  const key: KeyObject | null = read(keyPath, (pem) => parsePrivateKey(pem, keyPath));
  if (key === null) return [];
  try {
    if (new X509Certificate(readFileSync(certPath)).checkPrivateKey(key)) return [];
  } catch {
    return []; // the invalid certificate is already reported
  }
  return [fail(t('mismatch', { key: keyPath, path: certPath }), t('pair'))];
}

function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
