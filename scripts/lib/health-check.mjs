#!/usr/bin/env node
// health-check.mjs CONTROL_SOCKET [SECONDS]
// Checks a running router, repeatedly for up to SECONDS: /readyz and /api/status on its control socket, then
// grpc.health.v1.Health/Check on its gRPC port. Exit code 0 if the router serves.
import { request } from 'node:http';
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

const STEP_TIMEOUT_MS = 2000;
const EMPTY_GRPC_MESSAGE = Buffer.from([0, 0, 0, 0, 0]);
/** HealthCheckResponse { status: SERVING } with its gRPC frame. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

/** @returns {Promise<string>} the body of a 200 response */
function get(socketPath, path) {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: STEP_TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path} answers ${response.statusCode} ${body.trim()}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`${path} does not answer`)));
    call.on('error', reject).end();
  });
}

/** gRPC status of a router that requires a token; counts as serving. */
const UNAUTHENTICATED = '16';

/** @returns {Promise<boolean>} whether Health/Check over `http:` or `https:` reports SERVING */
function checkGrpc(scheme, host, port) {
  return new Promise((resolve, reject) => {
    // The certificate is for the public host, not for the loopback; its validity is not checked here.
    const session = connect(`${scheme}//${host}:${port}`, { rejectUnauthorized: false });
    const chunks = [];
    let status = null;
    const noteStatus = (headers) => {
      status = headers['grpc-status'] ?? status ?? '';
    };
    session.setTimeout(STEP_TIMEOUT_MS, () => session.destroy(new Error(`port ${port} does not answer`)));
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('response', noteStatus).on('trailers', noteStatus);
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      // closed without a response: a TLS port received cleartext
      if (status === null) reject(new Error(`port ${port} ends the connection`));
      else resolve(status === UNAUTHENTICATED || SERVING.equals(Buffer.concat(chunks)));
    });
    stream.end(EMPTY_GRPC_MESSAGE);
  });
}

/** A router with mutual TLS counts as serving if its handshake demands a client certificate. */
const wantsClientCertificate = (error) => /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(error.code ?? '');

async function answersGrpc(host, port) {
  try {
    return await checkGrpc('http:', host, port);
  } catch {
    return await checkGrpc('https:', host, port).catch(wantsClientCertificate);
  }
}

function reachable(host) {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function check(socketPath) {
  await get(socketPath, '/readyz');
  const status = JSON.parse(await get(socketPath, '/api/status'));
  const grpc = status.listening.find(({ purpose }) => purpose === 'grpc');
  const host = reachable(grpc.host);
  if (!(await answersGrpc(host, grpc.port))) throw new Error(`${host}:${grpc.port} is not SERVING`);
  return `rpc-dart-router ${status.version}, pid ${status.pid}, ${grpc.host}:${grpc.port}`;
}

const [socketPath, seconds = '0'] = process.argv.slice(2);
const deadline = Date.now() + Number(seconds) * 1000;
for (;;) {
  try {
    console.log(await check(socketPath));
    break;
  } catch (error) {
    if (Date.now() >= deadline) {
      console.error(`${error.message}`);
      process.exitCode = 1;
      break;
    }
    await sleep(100);
  }
}
