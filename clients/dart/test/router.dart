import 'dart:io';

import 'support/test_router.dart';

/// The router of the tests as a program, for clients in other languages: prints its URL, ends with its
/// standard input.
Future<void> main() async {
  final router = await TestRouter.start();
  stdout.writeln(router.url);
  await stdin.drain<void>();
  await router.stop();
  exit(0);
}
