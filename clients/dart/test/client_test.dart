import 'dart:async';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'support/harness.dart';
import 'support/router_under_test.dart';

/// What the client does against any router: the one of the tests, or a real one at `ROUTER_URL`.
void main() {
  routerTest('register, ping, list', (url) async {
    final client = RpcRouterClient(url);
    expect(client.isRegistered, false, 'registered');
    final name = uniqueName();
    final id = await client.register(
      clientName: name,
      groups: ['g1', 'g2'],
      metadata: {'version': 1.0, 'count': 1},
    );
    expect(client.clientId, id, 'id');
    expect((await client.ping()).isNegative, false, 'time of a ping');
    final own = (await client.getOnlineClients()).singleWhere((info) => info.clientId == id);
    expect(own.clientName, name, 'name');
    expect(own.groups, ['g1', 'g2'], 'groups');
    expect(own.metadata, {'version': 1.0, 'count': 1}, 'metadata');
    final others = await client.getOnlineClients(groups: ['no such group $name']);
    expect(others.length, 0, 'clients of another group');
    await client.close();
  });

  routerTest('every kind of value arrives as it was sent', (url) async {
    final (alice, bob) = await pair(url);
    final payload = {
      'int': 1,
      'double': 1.0,
      'negativeZero': -0.0,
      'max': 9223372036854775807,
      'min': -9223372036854775807 - 1,
      'text': 'Привет 👋',
      'bytes': Uint8List.fromList([0, 255, 1]),
      'list': [null, true, false, <dynamic>[], <String, dynamic>{}],
      'nested': {
        'a': {'b': 1.5},
      },
    };
    final received = bob.messages.first;
    await alice.sendUnicast(bob.clientId!, payload);
    final message = await received;
    expect(message.payload, payload, 'payload');
    expect(message.senderId, alice.clientId, 'sender');
    expect(message.type, RouterMessageType.unicast, 'type');
    expect(message.payload!['bytes'] is Uint8List, true, 'bytes are Uint8List');
    await closeAll([alice, bob]);
  });

  routerTest('multicast and broadcast go to others only', (url) async {
    final group = uniqueName();
    final alice = await RpcRouterClient.connect(url, groups: [group]);
    final bob = await RpcRouterClient.connect(url, groups: [group]);
    final carol = await RpcRouterClient.connect(url);
    final log = <String>[];
    for (final (name, client) in [('alice', alice), ('bob', bob), ('carol', carol)]) {
      client.messages.listen((message) => log.add('$name ${message.payload!['n']}'));
    }
    await alice.sendMulticast(group, {'n': 1});
    await alice.sendBroadcast({'n': 2});
    await poll(() => log.length >= 3, 'three messages');
    log.sort();
    expect(log, ['bob 1', 'bob 2', 'carol 2'], 'received');
    await closeAll([alice, bob, carol]);
  });

  routerTest('requests: result, error, absent client, timeout, many at once', (url) async {
    final (alice, bob) = await pair(url);
    bob.onRequest((request) async {
      switch (request.payload!['do']) {
        case 'fail':
          throw const RouterException('no-such-room', 'there is no such room');
        case 'throw':
          throw StateError('broken');
        case 'wait':
          await Future<void>.delayed(const Duration(seconds: 2));
      }
      return {'double': (request.payload!['n'] as int) * 2};
    });
    final id = bob.clientId!;
    final answers = await Future.wait([
      for (var n = 0; n < 100; n++) alice.sendRequest(id, {'n': n}),
    ]);
    expect([for (final answer in answers) answer['double']], [for (var n = 0; n < 100; n++) n * 2]);

    Future<String> codeOf(Map<String, dynamic> payload, {String? to, int timeoutMs = 5000}) async {
      final timeout = Duration(milliseconds: timeoutMs);
      final error = await expectThrows<RouterException>(
        () => alice.sendRequest(to ?? id, payload, timeout: timeout),
      );
      return '${error.code}: ${error.message}';
    }

    expect(await codeOf({'do': 'fail'}), 'no-such-room: there is no such room');
    expect((await codeOf({'do': 'throw'})).startsWith('remote: Bad state: broken'), true);
    expect((await codeOf({'do': 'wait', 'n': 1}, timeoutMs: 100)).startsWith('timeout: '), true);
    final absent = await codeOf({'n': 1}, to: 'client_of_nobody');
    expect(absent.startsWith('not-found: ') && absent.contains('не найден'), true, absent);
    await closeAll([alice, bob]);
  });

  routerTest('an application answers requests as in 2025, in onP2PMessage', (url) async {
    final (alice, _) = await pair(url);
    final bob = RpcRouterClient(url);
    await bob.register();
    await bob.initializeP2P(
      onP2PMessage: (message) {
        if (message.type != RouterMessageType.request) return;
        bob.sendP2PMessage(
          RouterMessage.response(
            targetId: message.senderId!,
            requestId: message.payload!['requestId'] as String,
            payload: {'ok': true},
          ),
        );
      },
    );
    final answer = await alice.sendRequest(bob.clientId!, {});
    expect(answer['ok'], true, 'answer');
    await bob.dispose();
  });

  routerTest('a unicast to an absent client is answered by an error', (url) async {
    final client = await RpcRouterClient.connect(url);
    final error = client.messages.first;
    await client.sendUnicast('client_of_nobody', {'n': 1});
    final message = await error;
    expect(message.type, RouterMessageType.error, 'type');
    expect(message.errorMessage!.contains('не найден'), true, message.errorMessage!);
    await client.close();
  });

  routerTest('metadata is replaced', (url) async {
    final client = RpcRouterClient(url);
    await client.register(metadata: {'a': 1});
    expect(await client.updateMetadata({'b': 2}), false, 'before p2p');
    await client.initializeP2P();
    expect(await client.updateMetadata({'b': 2.0}), true, 'with p2p');
    final own = (await client.getOnlineClients()).singleWhere(
      (info) => info.clientId == client.clientId,
    );
    expect(own.metadata, {'b': 2.0}, 'metadata');
    await client.close();
  });

  routerTest('events come while they are subscribed to', (url) async {
    final client = await RpcRouterClient.connect(url);
    final types = <RouterEventType>[];
    client.events.listen((event) => types.add(event.type));
    await client.subscribeToEvents();
    await poll(() => types.contains(RouterEventType.routerStats), 'statistics');
    final other = await RpcRouterClient.connect(url);
    await poll(() => types.contains(RouterEventType.clientConnected), 'clientConnected');
    await client.unsubscribeFromEvents();
    await Future<void>.delayed(Duration.zero);
    types.clear();
    await other.close();
    await client.ping();
    expect(types, <RouterEventType>[], 'events after the end');
    await client.subscribeToEvents();
    await poll(() => types.contains(RouterEventType.routerStats), 'statistics again');
    await client.close();
  });

  routerTest('groups are joined and left', (url) async {
    final group = uniqueName();
    final (alice, bob) = await pair(url);
    await bob.join(group);
    expect(bob.groups.contains(group), true, 'groups of bob');
    Future<int> members() async => (await alice.getOnlineClients(groups: [group])).length;
    expect(await members(), 1, 'members');
    await bob.leave(group);
    expect(await members(), 0, 'members afterwards');
    await closeAll([alice, bob]);
  });

  routerTest('a client that closes is gone at once', (url) async {
    final (alice, bob) = await pair(url);
    final id = bob.clientId!;
    await bob.close();
    expect(bob.state.status, RouterClientStatus.closed, 'state');
    await untilGone(alice, id);
    final error = await expectThrows<RouterException>(() => bob.sendUnicast(id, {}));
    expect(error.code, RouterErrorCode.closed, 'code');
    await alice.close();
  });

  unawaited(runTests());
}

int _names = 0;

String uniqueName() => 'name ${DateTime.now().microsecondsSinceEpoch} ${++_names}';

void routerTest(String name, Future<void> Function(Uri url) body) => test(name, () async {
  final router = await RouterUnderTest.start();
  try {
    await body(router.url);
  } finally {
    await router.stop();
  }
});

Future<(RpcRouterClient, RpcRouterClient)> pair(Uri url) async =>
    (await RpcRouterClient.connect(url), await RpcRouterClient.connect(url));

Future<void> closeAll(List<RpcRouterClient> clients) =>
    Future.wait([for (final client in clients) client.close()]);

Future<void> untilGone(RpcRouterClient observer, String id) async {
  final clock = Stopwatch()..start();
  while ((await observer.getOnlineClients()).any((info) => info.clientId == id)) {
    if (clock.elapsed.inSeconds > 30) throw TestFailure('$id is still listed');
  }
}
