import 'dart:async';
import 'dart:io';

typedef _Test = ({String name, Future<void> Function() body, Duration timeout});

final List<_Test> _tests = [];

/// Adds a test; [runTests] runs them in order.
void test(
  String name,
  FutureOr<void> Function() body, {
  Duration timeout = const Duration(minutes: 2),
}) => _tests.add((name: name, body: () async => body(), timeout: timeout));

/// Runs the tests, prints a line for each, and ends the program: with 1 when one failed.
///
/// The bare VM has no `package:test`. `TEST_NAME` runs only the tests whose name contains it.
Future<void> runTests() async {
  final only = Platform.environment['TEST_NAME'] ?? '';
  var failures = 0;
  for (final entry in _tests.where((test) => test.name.contains(only))) {
    final clock = Stopwatch()..start();
    final error = await _run(entry);
    if (error != null) failures++;
    final verdict = error == null ? 'ok' : 'FAILED';
    stdout.writeln('$verdict - ${entry.name} (${clock.elapsedMilliseconds} ms)');
    if (error != null) stdout.writeln('    ${'$error'.replaceAll('\n', '\n    ')}');
  }
  stdout.writeln('${_tests.length} tests, $failures failed');
  await stdout.flush();
  exit(failures == 0 ? 0 : 1);
}

/// Runs one test; an unhandled error anywhere in it fails it.
Future<String?> _run(_Test entry) {
  final result = Completer<String?>();
  void finish(String? error) {
    if (!result.isCompleted) result.complete(error);
  }

  runZonedGuarded(
    () async {
      try {
        await entry.body().timeout(entry.timeout);
        // an error in a microtask or a timer of the last step still belongs to this test
        await Future<void>.delayed(Duration.zero);
        finish(null);
      } on Object catch (error, stack) {
        finish('$error\n$stack');
      }
    },
    (error, stack) => finish('unhandled: $error\n$stack'),
  );
  return result.future;
}

final class TestFailure implements Exception {
  TestFailure(this.message);

  final String message;

  @override
  String toString() => message;
}

/// Deep equality of lists and maps; `1` and `1.0` differ, and so do `0.0` and `-0.0`.
void expect(Object? actual, Object? expected, [String what = 'value']) {
  if (!_equals(actual, expected)) {
    throw TestFailure(
      '$what: expected $expected (${expected.runtimeType}), '
      'got $actual (${actual.runtimeType})',
    );
  }
}

/// Returns the error of type [E] that [action] throws.
Future<E> expectThrows<E extends Object>(FutureOr<Object?> Function() action) async {
  try {
    await action();
  } on E catch (error) {
    return error;
  }
  throw TestFailure('nothing was thrown, expected $E');
}

/// Waits until [condition] holds.
Future<void> poll(
  bool Function() condition,
  String what, {
  Duration timeout = const Duration(seconds: 30),
}) async {
  final clock = Stopwatch()..start();
  while (!condition()) {
    if (clock.elapsed > timeout) throw TestFailure('not within $timeout: $what');
    await Future<void>.delayed(const Duration(milliseconds: 5));
  }
}

bool _equals(Object? a, Object? b) {
  if (a is List && b is List) {
    if (a.length != b.length) return false;
    for (var i = 0; i < a.length; i++) {
      if (!_equals(a[i], b[i])) return false;
    }
    return true;
  }
  if (a is Map && b is Map) {
    return a.length == b.length &&
        a.keys.every((key) => b.containsKey(key) && _equals(a[key], b[key]));
  }
  if (a is double && b is double) return a.compareTo(b) == 0;
  if (a is num && b is num && a is double != b is double) return false;
  return a == b;
}
