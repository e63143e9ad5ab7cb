import 'dart:async';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'support/harness.dart';
import 'support/lossy_proxy.dart';
import 'support/router_under_test.dart';

const int messages = 10000;
const int losses = 100;

/// Short, so that half-open connections are found quickly.
const RouterClientOptions options = RouterClientOptions(
  reconnect: ReconnectPolicy(
    initialDelay: Duration(milliseconds: 5),
    maxDelay: Duration(milliseconds: 50),
  ),
  heartbeatInterval: Duration(milliseconds: 300),
  heartbeatTimeout: Duration(milliseconds: 700),
  connectTimeout: Duration(seconds: 2),
  callTimeout: Duration(seconds: 2),
  bufferBytes: 64 * 1024,
  waitForRouter: true,
);

void main() {
  test(
    '$messages messages both ways over $losses losses: each once, in order',
    _exchange,
    timeout: const Duration(minutes: 5),
  );
  unawaited(runTests());
}

Future<void> _exchange() async {
  final router = await RouterUnderTest.start();
  final proxy = await LossyProxy.start(router.url, losses: losses);
  final alice = await _Side.connect(proxy.url, 'alice');
  final bob = await _Side.connect(proxy.url, 'bob');
  final ids = (alice.client.clientId!, bob.client.clientId!);

  await Future.wait([alice.sendTo(ids.$2), bob.sendTo(ids.$1)]);
  await poll(
    () => alice.received.length >= messages && bob.received.length >= messages,
    'everything arrives; alice ${alice.received.length}, bob ${bob.received.length}',
    timeout: const Duration(minutes: 1),
  );

  final expected = [for (var n = 1; n <= messages; n++) n];
  expect(alice.received, expected, 'received by alice');
  expect(bob.received, expected, 'received by bob');
  expect(alice.acknowledged, messages, 'acknowledged to alice');
  expect(bob.acknowledged, messages, 'acknowledged to bob');
  expect((alice.client.clientId!, bob.client.clientId!), ids, 'the ids');
  expect(alice.problems + bob.problems, <Object>[], 'problems');
  expect(proxy.happened, losses, 'losses');
  expect(proxy.silent, losses ~/ LossyProxy.silentEvery, 'half-open connections');
  expect(alice.lost + bob.lost, 0, 'messages that the router could not keep');

  await Future.wait([alice.client.close(), bob.client.close()]);
  await proxy.stop();
  await router.stop();
}

final class _Side {
  _Side(this.client) {
    client.messages.listen((message) => received.add(message.payload!['n'] as int));
    client.problems.listen(problems.add);
    client.states.listen((state) => lost += state.lostMessages);
  }

  static Future<_Side> connect(Uri url, String name) async =>
      _Side(await RpcRouterClient.connect(url, clientName: name, options: options));

  final RpcRouterClient client;
  final List<int> received = [];
  final List<Object> problems = [];
  int acknowledged = 0;
  int lost = 0;

  Future<void> sendTo(String id) async {
    final padding = 'x' * 100;
    Future<void>? last;
    for (var n = 1; n <= messages; n++) {
      await client.drain();
      last = client.sendUnicast(id, {'n': n, 'padding': padding}).then((_) => acknowledged++);
    }
    await last;
  }
}
