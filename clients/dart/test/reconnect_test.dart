import 'dart:async';
import 'dart:io';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';
import 'package:rpc_dart_router_client/src/session/liveness.dart';

import 'support/harness.dart';
import 'support/session_bed.dart';
import 'support/test_router.dart';

/// Reconnecting, refusals and wrong use.
void main() {
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
