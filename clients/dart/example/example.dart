// Two clients in one program: run a router, then
//   dart run example/example.dart ws://localhost:8080
import 'dart:io';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

Future<void> main(List<String> arguments) async {
  final url = arguments.isEmpty ? 'ws://localhost:8080' : arguments.first;
  final bob = await RpcRouterClient.connect(url, clientName: 'bob', groups: ['readers']);
  bob.messages.listen((message) => stdout.writeln('bob got ${message.payload}'));
  bob.onRequest((request) => {'sum': (request.payload!['a'] as int) + (request.payload!['b'] as int)});

  final alice = await RpcRouterClient.connect(url, clientName: 'alice');
  alice.states.listen((state) => stdout.writeln('alice is $state'));
  await alice.sendUnicast(bob.clientId!, {'text': 'hello'});
  await alice.sendMulticast('readers', {'text': 'hello, readers'});

  final answer = await alice.sendRequest(bob.clientId!, {'a': 2, 'b': 3});
  stdout.writeln('2 + 3 = ${answer['sum']}');
  try {
    await alice.sendRequest('client_of_nobody', {}, timeout: const Duration(seconds: 1));
  } on RouterException catch (error) {
    stdout.writeln('as expected: ${error.code}');
  }

  await alice.close();
  await bob.close();
}
