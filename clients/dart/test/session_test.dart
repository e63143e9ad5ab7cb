import 'dart:async';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'support/harness.dart';
import 'support/session_bed.dart';
import 'support/test_router.dart';

/// Sessions, against a router that does what a test asks of it.
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
    final client = await bed.client(options: patientOptions);
    final received = <int>[];
    client.messages.listen((message) => received.add(message.payload!['n'] as int));
    RouterState? online;
    client.states.listen((state) {
      if (state.status == RouterClientStatus.online) online = state;
    });
    await bed.loseConnection(client);
    for (var n = 1; n <= 10; n++) {
      bed.only.send({'type': 'broadcast', 'payload': {'n': n}});
    }
    client.reconnectNow();
    await poll(() => received.length == 4, 'the kept ones');
    expect(received, [7, 8, 9, 10], 'received');
    expect(online!.lostMessages, 6, 'lost');
    await bed.loseConnection(client);
    client.reconnectNow();
    await poll(() => bed.router.registrations.length == 3, 'another resume');
    expect(bed.router.registrations.last['session']['received'], 4, 'count');
    bed.only.send({'type': 'broadcast', 'payload': {'n': 11}});
    await poll(() => received.length == 5, 'one more');
    expect(received, [7, 8, 9, 10, 11], 'received');
  }, router: const TestRouterOptions(keptMessages: 4));

  bedTest('a router that restarts: what was written fails, what was kept is sent', (bed) async {
    final client = await bed.client(options: patientOptions);
    final written = client.sendBroadcast({'n': 1});
    final failed = expectThrows<RouterException>(() => written);
    await client.ping();
    bed.router.forgetEverything();
    await poll(() => client.state.status == RouterClientStatus.away, 'away');
    final kept = client.sendBroadcast({'n': 2});
    client.reconnectNow();
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

  bedTest('changes that the router refuses are taken back', (bed) async {
    final client = await bed.client(options: patientOptions);
    await client.updateMetadata({'m': 1});
    final changes = [
      expectThrows<RouterException>(() => client.updateMetadata({'tooLarge': true})),
      expectThrows<RouterException>(() => client.join('forbidden')),
    ];
    final joined = client.join('a');
    expect([...client.groups], ['forbidden', 'a'], 'groups before the answer');
    expect([for (final error in await Future.wait(changes)) error.code], ['too-large', 'forbidden']);
    await joined;
    expect([...client.groups], ['a'], 'groups');
    // the error about metadata does not make the next message a suspect
    for (var losses = 0; losses < 2; losses++) {
      await bed.loseConnection(client);
      final sent = client.sendBroadcast({'n': losses});
      client.reconnectNow();
      await sent;
    }
    expect(bed.router.registrations.last['groups'], ['a'], 'groups of the registration');
    expect(bed.router.registrations.last['metadata'], {'m': 1}, 'metadata of the registration');
  });

  bedTest('changes made while away that are refused do not end the client', (bed) async {
    final client = await bed.client(options: patientOptions);
    await client.join('a');
    await bed.loseConnection(client);
    final refused = expectThrows<RouterException>(() => client.updateMetadata({'tooLarge': true}));
    client.reconnectNow();
    expect((await refused).code, RouterErrorCode.refused, 'code');
    await poll(() => client.state.reason?.code == RouterErrorCode.refused, 'the next delay');
    client.reconnectNow();
    await client.join('b');
    expect(bed.router.registrations.last['groups'], ['a', 'b'], 'groups of the registration');
    expect(bed.router.registrations.last['metadata'], null, 'metadata of the registration');
    expect(bed.only.groups, ['a', 'b'], 'groups');
  });

  bedTest('a change that was sent before a loss is in the next registration', (bed) async {
    final client = await bed.client();
    final joined = client.join('a');
    final changed = client.updateMetadata({'m': 1});
    bed.proxy.cut();
    await Future.wait([joined, changed]);
    expect(bed.router.registrations.last['groups'], ['a'], 'groups of the registration');
    expect(bed.router.registrations.last['metadata'], {'m': 1}, 'metadata of the registration');
  }, router: const TestRouterOptions(acknowledges: false));

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

  unawaited(runTests());
}
