import 'dart:async';
import 'dart:io';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';
import 'package:rpc_dart_router_client/src/session/liveness.dart';

import 'support/harness.dart';
import 'support/session_bed.dart';
import 'support/test_router.dart';

/// What needs a router that does what the test wants.
void main() {
  bedTest('a send is done when the router has acknowledged it', (bed) async {
    final client = await bed.client();
    final states = <bool>[];
    final sent = client.sendBroadcast({'n': 1}).then((_) => states.add(true));
    await client.ping();
    expect(states, <bool>[], 'before a heartbeat');
    expect(client.bufferedBytes > 0, true, 'buffered');
    bed.proxy.cut();
    await sent;
    expect(client.bufferedBytes, 0, 'buffered afterwards');
    // a resume acknowledges too
    expect(bed.router.registrations.length, 2, 'registrations');
  }, router: const TestRouterOptions(acknowledges: false));

  bedTest('the session is taken up: same id, messages of the time away, no event', (bed) async {
    final alice = await bed.client();
    final bob = await RpcRouterClient.connect(bed.router.url, options: quickOptions);
    final events = <String>[];
    bob.events.listen((event) => events.add(event.typeName));
    await bob.subscribeToEvents();
    final received = <int>[];
    alice.messages.listen((message) => received.add(message.payload!['n'] as int));
    final states = <String>[];
    alice.states.listen((state) => states.add('${state.status.name} ${state.resumed}'));
    final id = alice.clientId!;
    bed.proxy.cut();
    for (var n = 1; n <= 5; n++) {
      await bob.sendUnicast(id, {'n': n});
    }
    await poll(() => received.length == 5, 'five messages');
    expect(received, [1, 2, 3, 4, 5], 'received');
    expect(alice.clientId, id, 'id');
    expect(states, ['away false', 'online true'], 'states');
    await bob.ping();
    expect(events, ['routerStats'], 'events');
    await bob.close();
  });

  bedTest('sends while away are kept, up to bufferBytes', (bed) async {
    final client = await bed.client(
      options: const RouterClientOptions(
        bufferBytes: 1000,
        reconnect: ReconnectPolicy(initialDelay: Duration(hours: 1), maxDelay: Duration(hours: 1)),
      ),
    );
    bed.proxy.cut();
    await poll(() => client.state.status == RouterClientStatus.away, 'away');
    final kept = [for (var n = 0; n < 3; n++) client.sendBroadcast({'n': n, 'x': 'x' * 200})];
    final problem = client.problems.first;
    final error = await expectThrows<RouterException>(() => client.sendBroadcast({'x': 'x' * 200}));
    expect(error.code, RouterErrorCode.bufferFull, 'code');
    expect((await problem).code, RouterErrorCode.bufferFull, 'problem');
    final drained = client.drain();
    client.reconnectNow();
    await Future.wait([...kept, drained]);
    expect(bed.only.received, 3, 'received by the router');
  });

  bedTest('a half-open connection is found by heartbeats', (bed) async {
    final client = await bed.client(
      options: const RouterClientOptions(
        reconnect: quick,
        heartbeatInterval: Duration(milliseconds: 50),
        heartbeatTimeout: Duration(milliseconds: 100),
      ),
    );
    bed.proxy.freeze();
    await client.sendBroadcast({'n': 1});
    expect(bed.router.registrations.length > 1, true, 'connected again');
  });

  for (final sessions in [true, false]) {
    bedTest('a quiet connection stays up, sessions: $sessions', (bed) async {
      final client = await bed.client(
        options: const RouterClientOptions(
          heartbeatInterval: Duration(milliseconds: 20),
          heartbeatTimeout: Duration(seconds: 20),
        ),
      );
      await poll(() => bed.router.heartbeats.length > 20, 'heartbeats');
      expect(client.state.status, RouterClientStatus.online, 'state');
      expect(bed.router.registrations.length, 1, 'registrations');
    }, router: TestRouterOptions(sessions: sessions));
  }

  bedTest('without sessions, too, a half-open connection is found', (bed) async {
    final client = await bed.client(
      options: const RouterClientOptions(
        reconnect: quick,
        heartbeatInterval: Duration(milliseconds: 50),
        heartbeatTimeout: Duration(milliseconds: 100),
      ),
    );
    final id = client.clientId;
    bed.proxy.freeze();
    await poll(() => client.clientId != id, 'a new registration');
  }, router: const TestRouterOptions(sessions: false));

  bedTest('what comes is acknowledged after 64 messages', (bed) async {
    final client = await bed.client();
    for (var n = 0; n < 64; n++) {
      bed.only.send({'type': 'broadcast', 'payload': {'n': n}});
    }
    await poll(() => bed.router.heartbeats.any((beat) => beat['payload']['received'] == 64), '64');
    await client.close();
  });

  bedTest('lost messages are reported and counted', (bed) async {
    final client = await bed.client();
    final received = <int>[];
    client.messages.listen((message) => received.add(message.payload!['n'] as int));
    RouterState? online;
    client.states.listen((state) {
      if (state.status == RouterClientStatus.online) online = state;
    });
    bed.proxy.cut();
    await poll(() => !bed.only.isConnected, 'away');
    for (var n = 1; n <= 10; n++) {
      bed.only.send({'type': 'broadcast', 'payload': {'n': n}});
    }
    await poll(() => received.length == 4, 'the kept ones');
    expect(received, [7, 8, 9, 10], 'received');
    expect(online!.lostMessages, 6, 'lost');
    bed.proxy.cut();
    await poll(() => bed.router.registrations.length == 3, 'another resume');
    expect(bed.router.registrations.last['session']['received'], 4, 'count');
    await poll(() => bed.only.isConnected, 'online');
    bed.only.send({'type': 'broadcast', 'payload': {'n': 11}});
    await poll(() => received.length == 5, 'one more');
    expect(received, [7, 8, 9, 10, 11], 'received');
  }, router: const TestRouterOptions(keptMessages: 4));

  bedTest('a router that restarts: what was written fails, what was kept is sent', (bed) async {
    final client = await bed.client();
    final written = client.sendBroadcast({'n': 1});
    final failed = expectThrows<RouterException>(() => written);
    await client.ping();
    bed.router.forgetEverything();
    await poll(() => client.state.status == RouterClientStatus.away, 'away');
    final kept = client.sendBroadcast({'n': 2});
    final error = await failed;
    expect(error.code, RouterErrorCode.sessionLost, 'code');
    unawaited(kept);
    await poll(() => bed.router.clients.values.any((client) => client.received == 1), 'kept one');
    expect(bed.only.received, 1, 'received in the new session');
  }, router: const TestRouterOptions(acknowledges: false));

  bedTest('a request outlives its connection, and ends with the session', (bed) async {
    final alice = await bed.client();
    final bob = await RpcRouterClient.connect(bed.router.url, options: quickOptions);
    final question = bob.messages.first;
    final answer = alice.sendRequest(bob.clientId!, {});
    final lost = alice.sendRequest(bob.clientId!, {});
    final failed = expectThrows<RouterException>(() => lost);
    final request = await question;
    bed.proxy.cut();
    unawaited(
      bob.sendP2PMessage(
        RouterMessage.response(targetId: alice.clientId!, requestId: request.requestId!),
      ),
    );
    await answer;
    bed.router.forgetEverything();
    expect((await failed).code, RouterErrorCode.sessionLost, 'code');
    await bob.close();
  });

  bedTest('a message that is too large fails alone', (bed) async {
    final client = await bed.client();
    final small = client.sendBroadcast({'n': 1});
    final error = expectThrows<RouterException>(() => client.sendBroadcast({'x': 'x' * 2000}));
    final last = client.sendBroadcast({'n': 2});
    expect((await error).code, RouterErrorCode.tooLarge, 'code');
    await Future.wait([small, last]);
    expect(bed.only.received, 2, 'received by the router');
  }, router: const TestRouterOptions(maxMessageBytes: 1000));

  bedTest('an error that names a message fails its send', (bed) async {
    final client = await bed.client();
    final error = await expectThrows<RouterException>(
      () => client.sendUnicast('client_of_nobody', {'messageId': 'm1'}),
    );
    expect(error.code, RouterErrorCode.notFound, 'code');
    final refused = await expectThrows<RouterException>(() => client.join('forbidden'));
    expect(refused.code, RouterErrorCode.forbidden, 'code');
    expect([...client.groups], <String>[], 'groups');
  });

  bedTest('groups and metadata of now are in the next registration', (bed) async {
    final client = await bed.client();
    await client.updateGroups(join: ['a', 'b'], leave: ['none']);
    await client.leave('a');
    await client.updateMetadata({'m': 2});
    bed.proxy.cut();
    await poll(() => bed.router.registrations.length == 2, 'a resume');
    expect(bed.router.registrations.last['groups'], ['b'], 'groups');
    expect(bed.router.registrations.last['metadata'], {'m': 2}, 'metadata');
  });

  bedTest('register again: the same session, other groups', (bed) async {
    final client = await bed.client();
    final id = client.clientId;
    final sent = client.sendBroadcast({'n': 1});
    expect(await client.register(groups: ['new']), id, 'id');
    await sent;
    expect(bed.only.groups, ['new'], 'groups');
    expect(client.state.status, RouterClientStatus.online, 'state');
  });

  bedTest('a session taken over by another is not taken back', (bed) async {
    final client = await bed.client();
    bed.only.resume(bed.only.token!, 0);
    await poll(() => client.state.status == RouterClientStatus.closed, 'closed');
    expect(client.state.reason!.code, RouterErrorCode.replaced, 'reason');
    expect(bed.router.registrations.length, 1, 'registrations');
  });

  bedTest('the token is asked for at each registration', (bed) async {
    var count = 0;
    await bed.client(
      options: RouterClientOptions(reconnect: quick, tokenProvider: () async => 't${++count}'),
    );
    bed.proxy.cut();
    await poll(() => bed.router.registrations.length == 2, 'a resume');
    final tokens = [for (final request in bed.router.registrations) request['metadata']['token']];
    expect(tokens, ['t1', 't2'], 'tokens');
  });

  bedTest('a refusal is an error with its code; the client may register again', (bed) async {
    final client = RpcRouterClient(bed.router.url);
    bed.router.refusal = ('the token is wrong', 'forbidden');
    final error = await expectThrows<RouterException>(client.register);
    expect('$error', 'RouterException(forbidden): the token is wrong');
    bed.router.refusal = null;
    await client.register();
    await client.close();
  });

  bedTest('a refusal for good ends the reconnecting', (bed) async {
    final client = await bed.client();
    bed.router.refusal = ('the token is wrong', 'forbidden');
    bed.proxy.cut();
    await poll(() => client.state.status == RouterClientStatus.closed, 'closed');
    expect(client.state.reason!.code, RouterErrorCode.forbidden, 'reason');
    final error = await expectThrows<RouterException>(() => client.sendBroadcast({}));
    expect(error.code, RouterErrorCode.forbidden, 'code of a send');
  });

  test('a router that is not there', () async {
    final router = await TestRouter.start();
    final port = router.port;
    await router.stop();
    final error = await expectThrows<RouterException>(
      () => RpcRouterClient.connect('ws://127.0.0.1:$port'),
    );
    expect(error.code, RouterErrorCode.unreachable, 'code');

    final client = RpcRouterClient(
      'ws://127.0.0.1:$port',
      options: const RouterClientOptions(reconnect: quick, waitForRouter: true),
    );
    final registered = client.register();
    await poll(() => client.state.retryIn != null, 'a failed attempt');
    final late = await TestRouter.start(port: port);
    await registered;
    await client.close();
    await late.stop();
  });

  bedTest('a policy that ends closes the client', (bed) async {
    final client = await bed.client(
      options: const RouterClientOptions(reconnect: ReconnectPolicy.never),
    );
    bed.proxy.cut();
    await poll(() => client.state.status == RouterClientStatus.closed, 'closed');
    expect(client.state.reason!.code, RouterErrorCode.unreachable, 'reason');
  });

  bedTest('calls in the wrong order and wrong values are refused', (bed) async {
    final client = RpcRouterClient(bed.router.url);
    await expectThrows<StateError>(() => client.initializeP2P());
    await client.register();
    await expectThrows<StateError>(() => client.sendBroadcast({}));
    await client.initializeP2P();
    final error = await expectThrows<ArgumentError>(
      () => client.sendBroadcast({
        'a': [DateTime.now()],
      }),
    );
    expect('${error.message}'.contains('DateTime at payload.a.0'), true, '${error.message}');
    await expectThrows<ArgumentError>(() => RpcRouterClient('http://127.0.0.1'));
    // errors of the future, which catchError sees
    final caught = <Object>[];
    await client.sendBroadcast({'a': Object()}).catchError(caught.add);
    await client.sendRequest('id', {'a': Object()}).catchError((Object error) {
      caught.add(error);
      return <String, dynamic>{};
    });
    expect(caught.whereType<ArgumentError>().length, 2, 'errors');
    await client.close();
    await client.close();
  });

  bedTest('messages that come before anything takes them are kept', (bed) async {
    final client = await bed.client();
    for (var n = 1; n <= 3; n++) {
      bed.only.send({'type': 'broadcast', 'payload': {'n': n}});
    }
    await client.ping();
    final first = await client.messages.take(3).map((message) => message.payload!['n']).toList();
    expect(first, [1, 2, 3], 'messages');
  });

  bedTest('a message of another client with a float for a time is readable', (bed) async {
    final client = await bed.client();
    final message = client.messages.first;
    bed.only.send({
      'type': 'broadcast',
      'payload': {'n': 1},
      'timestamp': 1700000000000.5,
    });
    expect((await message).timestamp, 1700000000000, 'timestamp');
  });

  bedTest('an unreadable message is reported, counted, and does no harm', (bed) async {
    final client = await bed.client();
    final problem = client.problems.first;
    bed.only.send({'type': 'invented', 'payload': <String, dynamic>{}});
    expect((await problem).code, RouterErrorCode.malformed, 'code');
    bed.proxy.cut();
    await poll(() => bed.router.registrations.length == 2, 'a resume');
    expect(bed.router.registrations.last['session']['received'], 1, 'count');
  });

  bedTest('closing ends the session', (bed) async {
    final client = await bed.client();
    final problems = <RouterException>[];
    client.problems.listen(problems.add);
    final sent = client.sendBroadcast({'n': 1});
    await client.close();
    await sent;
    await poll(() => bed.router.clients.isEmpty, 'the session has ended');
    expect(problems, <RouterException>[], 'problems');
  });

  test('a timer that is late because the device slept does not end the connection', () async {
    var probes = 0;
    final dead = Completer<int>();
    final liveness = Liveness(
      interval: const Duration(hours: 1),
      timeout: const Duration(milliseconds: 100),
      sendProbe: () => probes++,
      onDead: () => dead.complete(probes),
    )..probe();
    // no timer runs meanwhile
    sleep(const Duration(milliseconds: 2500));
    expect(await dead.future, 2, 'probes before the end');
    liveness.stop();
  });

  test('the delays of reconnecting grow, are random, and end', () {
    const policy = ReconnectPolicy(maxAttempts: 100);
    for (final (attempt, limit) in [(0, 500), (1, 1000), (5, 16000), (6, 30000), (99, 30000)]) {
      expect(policy.delayBefore(attempt, FixedRandom(1))!.inMilliseconds, limit, 'limit of $attempt');
      expect(policy.delayBefore(attempt, FixedRandom(0))!.inMilliseconds, 0, 'least of $attempt');
    }
    expect(policy.delayBefore(100, FixedRandom(1)), null, 'the end');
  });

  unawaited(runTests());
}
