import 'dart:math';

/// How long to wait before each attempt to connect again: a random time up to a limit that doubles
/// with each failure ("full jitter"), so that the clients of a restarted router spread out.
final class ReconnectPolicy {
  const ReconnectPolicy({
    this.initialDelay = const Duration(milliseconds: 500),
    this.maxDelay = const Duration(seconds: 30),
    this.maxAttempts,
  });

  /// Never: the client is closed when the connection is lost.
  static const ReconnectPolicy never = ReconnectPolicy(maxAttempts: 0);

  /// The limit of the first delay.
  final Duration initialDelay;
  final Duration maxDelay;

  /// Failures in a row after which the client gives up; null for never.
  final int? maxAttempts;

  /// The delay before attempt number [attempt] (0 is the first) after a loss; null to give up.
  Duration? delayBefore(int attempt, Random random) {
    final limit = maxAttempts;
    if (limit != null && attempt >= limit) return null;
    final growth = pow(2, min(attempt, 30));
    final micros = min(initialDelay.inMicroseconds * growth, maxDelay.inMicroseconds);
    return Duration(microseconds: (random.nextDouble() * micros).round());
  }
}
