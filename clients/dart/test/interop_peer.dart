import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'support/harness.dart';
import 'support/router_under_test.dart';

/// The Dart side of a test with a client in another language: prints the URL of the router and its id,
/// answers requests, and ends with its standard input.
Future<void> main() async {
  final router = await RouterUnderTest.start();
  final client = await RpcRouterClient.connect(router.url, clientName: 'dart');
  client.onRequest((request) {
    final payload = request.payload!;
    return switch (payload['do']) {
      'describe' => {'value': payload['value'], 'kind': kindOf(payload['value'])},
      'ask' => ask(client, request.senderId!),
      final other => throw RouterException('no-such-question', 'what is $other?'),
    };
  });
  stdout.writeln('${router.url} ${client.clientId}');
  await stdin.drain<void>();
  await client.close();
  await router.stop();
  exit(0);
}

String kindOf(Object? value) => switch (value) {
  null => 'null',
  bool() => 'bool',
  int() => 'int',
  double() => 'double',
  BigInt() => 'BigInt',
  String() => 'String',
  Uint8List() => 'Uint8List',
  List<dynamic>() => 'List',
  Map<String, dynamic>() => 'Map',
  _ => '${value.runtimeType}',
};

/// Sends every kind of value to [peer], which returns it; floats without a fraction are not among them,
/// because JavaScript cannot return those as such.
Future<Map<String, dynamic>> ask(RpcRouterClient client, String peer) async {
  final values = <Object?>[
    null,
    true,
    0,
    -1,
    9007199254740991,
    9007199254740993,
    9223372036854775807,
    -9223372036854775807 - 1,
    0.5,
    -1.5e-300,
    '',
    'Привет 👋 \ufeff\u0000',
    Uint8List.fromList([0, 127, 255]),
    <dynamic>[
      1,
      [2.5],
      'x',
    ],
    {
      'a': {'b': null},
      'я': 1,
    },
  ];
  final failures = <String>[];
  for (final value in values) {
    try {
      final answer = await client.sendRequest(peer, {'value': value});
      expect(answer['value'], value);
      expect(kindOf(answer['value']), kindOf(value));
    } on Object catch (error) {
      failures.add('$value: $error');
    }
  }
  return {'count': values.length, 'failures': failures};
}
