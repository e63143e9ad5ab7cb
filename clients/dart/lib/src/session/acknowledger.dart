import 'dart:async';

/// Decides when to acknowledge received messages: after 64, after 128 KiB, or after [delay].
///
/// The router keeps what is not acknowledged in a buffer of limited size, hence the bytes.
final class Acknowledger {
  Acknowledger(this.sendHeartbeat, {this.delay = const Duration(seconds: 5)});

  static const int maxMessages = 64;
  static const int maxBytes = 128 * 1024;

  final void Function() sendHeartbeat;
  final Duration delay;
  int _messages = 0;
  int _bytes = 0;
  Timer? _timer;

  void onReceived(int bytes) {
    _messages++;
    _bytes += bytes;
    if (_messages >= maxMessages || _bytes >= maxBytes) {
      sendHeartbeat();
    } else {
      _timer ??= Timer(delay, sendHeartbeat);
    }
  }

  /// A heartbeat was sent, which acknowledges everything.
  void reset() {
    _messages = 0;
    _bytes = 0;
    _timer?.cancel();
    _timer = null;
  }
}
