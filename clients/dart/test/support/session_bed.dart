import 'dart:math';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'harness.dart';
import 'lossy_proxy.dart';
import 'test_router.dart';
import 'test_router_client.dart';

/// Reconnects without delay.
const ReconnectPolicy quick = ReconnectPolicy(
  initialDelay: Duration(milliseconds: 5),
  maxDelay: Duration(milliseconds: 20),
);
const RouterClientOptions quickOptions = RouterClientOptions(reconnect: quick);

/// Reconnects when the test calls `reconnectNow`.
const RouterClientOptions patientOptions = RouterClientOptions(
  reconnect: ReconnectPolicy(initialDelay: Duration(days: 1), maxDelay: Duration(days: 1)),
);

/// A router of the tests behind a proxy, and the clients that connect through it.
final class SessionBed {
  SessionBed._(this.router, this.proxy);

  static Future<SessionBed> start(TestRouterOptions options) async {
    final router = await TestRouter.start(options: options);
    return SessionBed._(router, await LossyProxy.start(Uri.parse(router.url)));
  }

  final TestRouter router;
  final LossyProxy proxy;
  final List<RpcRouterClient> _clients = [];

  /// The router's half of the only client.
  TestRouterClient get only => router.clients.values.single;

  /// Connects a client, through the proxy.
  Future<RpcRouterClient> client({RouterClientOptions options = quickOptions}) async {
    final client = await RpcRouterClient.connect(proxy.url, options: options);
    _clients.add(client);
    return client;
  }

  /// Cuts the connection; afterwards both sides have noticed.
  Future<void> loseConnection(RpcRouterClient client) async {
    proxy.cut();
    await poll(() => client.state.status == RouterClientStatus.away, 'the client is away');
    await poll(() => !only.isConnected, 'the router has noticed');
  }

  Future<void> stop() async {
    for (final client in _clients) {
      await client.close();
    }
    await proxy.stop();
    await router.stop();
  }
}

void bedTest(
  String name,
  Future<void> Function(SessionBed bed) body, {
  TestRouterOptions router = const TestRouterOptions(),
}) => test(name, () async {
  final bed = await SessionBed.start(router);
  try {
    await body(bed);
  } finally {
    await bed.stop();
  }
});

/// Always the same number.
final class FixedRandom implements Random {
  FixedRandom(this.value);

  final double value;

  @override
  double nextDouble() => value;

  @override
  bool nextBool() => throw UnimplementedError();

  @override
  int nextInt(int max) => throw UnimplementedError();
}
