import 'dart:io';

import 'test_router.dart';

/// The router that a test runs against: the one at `ROUTER_URL`, or one of the test's own.
final class RouterUnderTest {
  RouterUnderTest._(this.url, this._own);

  static Future<RouterUnderTest> start() async {
    final url = Platform.environment['ROUTER_URL'];
    if (url != null && url.isNotEmpty) return RouterUnderTest._(Uri.parse(url), null);
    final own = await TestRouter.start();
    return RouterUnderTest._(Uri.parse(own.url), own);
  }

  final Uri url;
  final TestRouter? _own;

  bool get isReal => _own == null;

  Future<void> stop() async => _own?.stop();
}
