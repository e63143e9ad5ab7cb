import 'dart:async';

/// Finds connections that are dead without being closed: every [interval] without a message it sends
/// a probe, and when nothing comes within [timeout] the connection is given up.
final class Liveness {
  Liveness({
    required this.interval,
    required this.timeout,
    required this.sendProbe,
    required this.onDead,
  });

  /// A timer that is this late did not measure the network: the device slept, or a browser throttled
  /// the timers of a tab in the background.
  static const Duration _lateness = Duration(seconds: 2);

  final Duration interval;
  final Duration timeout;
  final void Function() sendProbe;
  final void Function() onDead;
  Timer? _periodic;
  Timer? _answer;
  DateTime _probedAt = DateTime.now();

  void start() => _periodic ??= Timer.periodic(interval, (_) => probe());

  /// Sends a probe now, unless one is on its way.
  void probe() {
    sendProbe();
    if (_answer == null) _awaitAnswer();
  }

  /// Something arrived.
  void onActivity() {
    _answer?.cancel();
    _answer = null;
  }

  void stop() {
    _periodic?.cancel();
    _periodic = null;
    onActivity();
  }

  void _awaitAnswer() {
    _probedAt = DateTime.now();
    _answer = Timer(timeout, () {
      _answer = null;
      final waited = DateTime.now().difference(_probedAt);
      waited > timeout + _lateness ? probe() : onDead();
    });
  }
}
