import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { TempFolder } from './temp.ts';

/** Paths of a certificate and its key, and their contents. */
export interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate authority made with openssl at run time, so that nothing in the repository can expire. */
export class TestCa {
  readonly folder: TempFolder;
  readonly name: string;
  readonly certFile: string;
  private readonly keyFile: string;

  constructor(folder: TempFolder, name = 'ca') {
    this.folder = folder;
    this.name = name;
    this.certFile = folder.file(`${name}.pem`);
    this.keyFile = folder.file(`${name}.key`);
    const subject = ['-subj', `/CN=Test ${name}`];
    openssl('req', '-x509', ...newKey(this.keyFile), ...subject, '-days', '2', '-out', this.certFile);
  }

  get cert(): Buffer {
    return readFileSync(this.certFile);
  }

  /** Issues a certificate for 127.0.0.1 and localhost. */
  issue(name: string): Identity {
    return this.sign(name, ['-days', '2']);
  }

  /** Issues a certificate that expired in 2021. */
  issueExpired(name: string): Identity {
    const request = this.request(name);
    const certFile = this.folder.file(`${name}.pem`);
    const database = this.folder.write(`${name}.index`, '');
    const config = this.folder.write(`${name}.cnf`, expiredCaConfig(database, this.folder.path));
    const dates = ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'];
    const signer = ['-cert', this.certFile, '-keyfile', this.keyFile];
    openssl('ca', '-batch', '-notext', '-config', config, ...signer, ...dates, '-in', request.csr, '-out', certFile);
    return identity(certFile, request.keyFile);
  }

  private sign(name: string, validity: readonly string[]): Identity {
    const { csr, keyFile } = this.request(name);
    const certFile = this.folder.file(`${name}.pem`);
    const extensions = this.folder.write(`${name}.ext`, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    const signer = ['-CA', this.certFile, '-CAkey', this.keyFile, '-CAcreateserial'];
    openssl('x509', '-req', '-in', csr, ...signer, ...validity, '-extfile', extensions, '-out', certFile);
    return identity(certFile, keyFile);
  }

  private request(name: string): { csr: string; keyFile: string } {
    const keyFile = this.folder.file(`${name}.key`);
    const csr = this.folder.file(`${name}.csr`);
    openssl('req', ...newKey(keyFile), '-subj', `/CN=${name}`, '-out', csr);
    return { csr, keyFile };
  }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

function identity(certFile: string, keyFile: string): Identity {
  return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

function expiredCaConfig(database: string, folder: string): string {
  return [
    '[ca]',
    'default_ca = main',
    '[main]',
    `database = ${database}`,
    `new_certs_dir = ${folder}`,
    'rand_serial = yes',
    'default_md = sha256',
    'policy = any',
    '[any]',
    'commonName = supplied',
    '',
  ].join('\n');
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
