import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problems } from '../text/index.ts';
import { type AccessFile, parseAccessFile } from './access-file.ts';
import { accessRules } from './rules.ts';
import { digestOf } from './tokens.ts';

const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const parse = (text: string): AccessFile => parseAccessFile('access.yaml', text, NOW_MS);
const HASH = digestOf('a-token-of-thirty-characters').toString('hex');

/** The problems of `text`, one per line. */
function problemsOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof Problems, String(error));
    for (const { ru } of error.list) assert.match(ru, /[а-я]/i);
    return error.list.map(({ en }) => en).join('\n');
  }
  return '';
}

const withToken = (fields: string): string =>
  `roles:\n  r: { allow: [send] }\ntokens:\n  - { name: a, role: r, ${fields} }\n`;

test('roles and tokens, plain, by digest and with an expiry', () => {
  const { roles, tokens, warnings } = parse(`# comment
roles:
  device:
    allow: [send, request, 'join:room.*']
  operator: { allow: ['*'] }
tokens:
  - { name: mobile, sha256: ${HASH.toUpperCase()}, role: device, expires: 2027-01-01 }
  - name: operator
    token: another-token-of-30-characters
    role: operator
  - { name: hour, token: 1234567890123456789012, role: device, expires: 2027-01-01T12:30:00+03:00 }
`);
  assert.deepEqual([...roles.keys()], ['device', 'operator']);
  assert.deepEqual(
    tokens.map(({ name, digest, expiresAtMs, rights }) => [name, digest, expiresAtMs, rights.role]),
    [
      ['mobile', HASH, Date.parse('2027-01-01T00:00:00Z'), 'device'],
      ['operator', digestOf('another-token-of-30-characters').toString('hex'), Infinity, 'operator'],
      ['hour', digestOf('1234567890123456789012').toString('hex'), Date.parse('2027-01-01T09:30:00Z'), 'device'],
    ],
  );
  assert.deepEqual(warnings, []);
});

test('a byte order mark, CRLF and JSON are accepted', () => {
  assert.equal(parse(`\ufeff${withToken(`sha256: ${HASH}`).replaceAll('\n', '\r\n')}`).tokens.length, 1);
  const json = { roles: { r: { allow: [] } }, tokens: [{ name: 'a', sha256: HASH, role: 'r' }] };
  assert.equal(parse(JSON.stringify(json)).tokens.length, 1);
});

const REFUSED: readonly (readonly [name: string, text: string, expected: string | RegExp])[] = [
  ['an empty file', '', /^access\.yaml:1: the file must be a map$/],
  ['comments alone', '# none\n', /^access\.yaml:1: the file must be a map$/],
  ['a list', '- a\n', /must be a map/],
  [
    'no tokens',
    'roles: { r: { allow: [send] } }\n',
    /^access\.yaml: holds no tokens and no jwt, so that no client could connect/,
  ],
  ['an empty list of tokens', 'tokens: []\n', /holds no tokens/],
  [
    'an unknown key',
    `role: {}\n${withToken(`sha256: ${HASH}`)}`,
    'access.yaml:1: unknown key role; did you mean roles?',
  ],
  ['a jwt without its parts', 'jwt:\n  - {}\n', /^access\.yaml:2: issuer is missing/],
  [
    'a symmetric algorithm',
    'jwt:\n  - issuer: i\n    audience: a\n    keys-file: k\n    algorithms: [HS256]\n',
    /^access\.yaml:5: unknown algorithm HS256; did you mean [A-Z]S256\?/m,
  ],
  [
    'a file of keys that is not there',
    'jwt:\n  - issuer: i\n    audience: a\n    keys-file: k.json\n    algorithms: [RS256]\n',
    /^access\.yaml:4: keys-file k\.json: /m,
  ],
  ['a claim that is not used', 'jwt:\n  - claims: { tenant: x }\n', /unknown key tenant/],
  ['a namespace', withToken(`sha256: ${HASH}, namespace: x`), 'access.yaml:4: unknown key namespace'],
  ['limits', 'roles:\n  r:\n    allow: []\n    limits: { clients: 5 }\n', /^access\.yaml:4: unknown key limits/],
  ['a role without allow', 'roles:\n  r: {}\n', /^access\.yaml:2: role r has no allow list/],
  ['allow without a list', 'roles:\n  r: { allow: send }\n', /^access\.yaml:2: allow must be a list/],
  ['an empty allow', 'roles:\n  r:\n    allow:\n', /^access\.yaml:3: allow must be a list/],
  [
    'a mistyped permission',
    'roles:\n  r:\n    allow: [sned]\n',
    /^access\.yaml:3: unknown permission sned; did you mean send\?/,
  ],
  [
    'join without a group',
    'roles: { r: { allow: [join] } }\n',
    /^access\.yaml:1: join needs a group, such as join:room\.\*/,
  ],
  ['multicast of nothing', "roles: { r: { allow: ['multicast:'] } }\n", /multicast needs a group/],
  ['send with a group', "roles: { r: { allow: ['send:x'] } }\n", /send takes no group, got send:x/],
  ['* with a group', "roles: { r: { allow: ['*:x'] } }\n", /takes no group/],
  ['a map as permission', 'roles: { r: { allow: [join: x] } }\n', /allow must be a text/],
  ['a role twice', 'roles:\n  r: { allow: [] }\n  r: { allow: ["*"] }\n', /^access\.yaml:3: r is already set above/],
  [
    'an unknown role',
    withToken(`sha256: ${HASH}`).replace('role: r', 'role: rr'),
    'access.yaml:4: unknown role rr; did you mean r?',
  ],
  ['no role', `roles: {}\ntokens:\n  - { name: a, sha256: ${HASH} }\n`, 'access.yaml:3: role is missing'],
  [
    'no name',
    `roles: { r: { allow: [] } }\ntokens:\n  - { role: r, sha256: ${HASH} }\n`,
    'access.yaml:3: name is missing',
  ],
  [
    'a name with a line break',
    withToken(`sha256: ${HASH}`).replace('name: a', 'name: "a\\nb"'),
    /name must be 1\.\.128 characters/,
  ],
  ['neither token nor digest', withToken('expires: 2027-01-01'), 'access.yaml:4: a needs either token or sha256'],
  ['both', withToken(`sha256: ${HASH}, token: abcdefghijklmnopq`), 'access.yaml:4: a needs either token or sha256'],
  ['a short digest', withToken(`sha256: ${HASH.slice(1)}`), /sha256 must have 64 hexadecimal digits/],
  ['a short token', withToken('token: abc'), /the token of a is shorter than 4 characters/],
  ['a token with a space', withToken('token: "abcdefgh ijklmnopqrst"'), /the token of a contains a space/],
  ['a null token', withToken('token: null'), /token must be a text/],
  ['31 February', withToken(`sha256: ${HASH}, expires: 2027-02-31`), /expires must be a date/],
  ['a time without a zone', withToken(`sha256: ${HASH}, expires: 2027-02-01T12:00:00`), /expires must be a date/],
  ['a number of seconds', withToken(`sha256: ${HASH}, expires: 1800000000`), /expires must be a date/],
  ['invalid YAML', 'roles: [\n', /^access\.yaml:\d: /],
  ['two documents', `${withToken(`sha256: ${HASH}`)}---\na: 1\n`, /^access\.yaml:5: /],
  ['an alias', `roles: &r { r: { allow: [] } }\ntokens: *r\n`, /tokens must be a list/],
  ['an unknown tag', 'roles: !x {}\n', /^access\.yaml:1: /],
  ['binary content', 'roles:\0', /not a text file/],
  ['10,000 levels', `roles: ${'['.repeat(10_000)}`, /./],
];

for (const [name, text, expected] of REFUSED) {
  test(`refused: ${name}`, () => {
    const problems = problemsOf(text);
    if (typeof expected === 'string') assert.equal(problems, expected);
    else assert.match(problems, expected);
  });
}

test('all problems are reported at once, and no message shows a token', () => {
  const problems = problemsOf(
    'roles:\n  r: { allow: [sned] }\ntokens:\n  - { name: a, role: x, token: "se cret" }\n  - { nam: b }\n',
  ).split('\n');
  assert.deepEqual(
    problems.map((line) => line.slice(0, 14)),
    ['access.yaml:2:', ...Array(2).fill('access.yaml:4:'), ...Array(4).fill('access.yaml:5:')],
  );
  assert.doesNotMatch(problems.join(), /cret/);
});

test('one name, or one token, twice is refused', () => {
  const two = (other: string): string => `${withToken(`sha256: ${HASH}`)}  - { role: r, ${other} }\n`;
  assert.equal(problemsOf(two('name: a, token: abcdefghijklmnopqrs')), 'access.yaml:5: name a is already given above');
  assert.equal(
    problemsOf(two('name: b, token: a-token-of-thirty-characters')),
    'access.yaml:5: b has the same token as a',
  );
});

test('a token of both files is refused: it would be unclear whether its role applies', () => {
  const tokens = new Map([['old', digestOf('a-token-of-thirty-characters')]]);
  assert.throws(() => accessRules(tokens, parse(withToken(`sha256: ${HASH}`))), /token of a is also that of old/);
  assert.equal(accessRules(new Map([['old', digestOf('x')]]), parse(withToken(`sha256: ${HASH}`)))?.size, 2);
});

test('a token that is easy to guess and one that has expired are warned of', () => {
  assert.match(parse(withToken('token: abcdefgh')).warnings[0]?.en ?? '', /:4: the token of a is shorter than 16/);
  const { en, ru } = parse(withToken(`sha256: ${HASH}, expires: 2026-11-26`)).warnings[0] ?? { en: '', ru: '' };
  assert.equal(en, 'access.yaml:4: the token of a has expired: 2026-11-26');
  assert.match(ru, /истёк/);
});
