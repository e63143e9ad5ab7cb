import 'dart:async';
import 'dart:io';

import 'package:rpc_dart_router_client/io.dart';
import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

import 'support/harness.dart';
import 'support/test_router.dart';

/// `TLS_CA`, `TLS_CERT` and `TLS_KEY` name files; `ROUTER_URL` a router that uses them, else the test has
/// its own.
void main() {
  final files = Platform.environment;
  test('wss:// with a certificate authority of one\'s own', () async {
    final router = files['ROUTER_URL'] ?? '';
    final own = router.isNotEmpty ? null : await _startRouter(files);
    final url = own == null ? router : 'wss://127.0.0.1:${own.port}';

    final context = SecurityContext(withTrustedRoots: false)..setTrustedCertificates(files['TLS_CA']!);
    final client = await RpcRouterClient.connect(
      url,
      options: RouterClientOptions(connector: ioConnector(context: context)),
    );
    expect((await client.ping()).isNegative, false, 'time of a ping');
    await client.close();

    final error = await expectThrows<RouterException>(() => RpcRouterClient.connect(url));
    expect(error.code, RouterErrorCode.unreachable, 'code');
    expect(error.message.contains('CERTIFICATE_VERIFY_FAILED'), true, error.message);
    await own?.stop();
  });
  unawaited(runTests());
}

Future<TestRouter> _startRouter(Map<String, String> files) => TestRouter.start(
  tls: SecurityContext()
    ..useCertificateChain(files['TLS_CERT']!)
    ..usePrivateKey(files['TLS_KEY']!),
);
