import 'dart:async';
import 'dart:collection';

import '../model/router_message.dart';

/// Hands messages to the callback of `initializeP2P` and to the listeners of a stream.
///
/// Messages that arrive before there is either are kept for the first one, at most [maxKept].
final class MessageHub {
  MessageHub({required this.onDropped, required this.onCallbackError});

  static const int maxKept = 1000;

  /// Called once, when a message had to go because nothing takes them.
  final void Function() onDropped;
  final void Function(Object error, StackTrace stack) onCallbackError;
  final Queue<RouterMessage> _kept = Queue();
  void Function(RouterMessage message)? _callback;
  bool _hasReportedDrop = false;

  late final StreamController<RouterMessage> _controller = StreamController.broadcast(
    onListen: _deliverKept,
  );

  Stream<RouterMessage> get stream => _controller.stream;

  set callback(void Function(RouterMessage message)? callback) {
    _callback = callback;
    if (callback != null) _deliverKept();
  }

  void add(RouterMessage message) {
    if (_controller.isClosed) return;
    if (_callback != null || _controller.hasListener) return _deliver(message);
    _kept.add(message);
    if (_kept.length <= maxKept) return;
    _kept.removeFirst();
    if (!_hasReportedDrop) onDropped();
    _hasReportedDrop = true;
  }

  void close() => unawaited(_controller.close());

  void _deliverKept() {
    while (_kept.isNotEmpty) {
      _deliver(_kept.removeFirst());
    }
  }

  void _deliver(RouterMessage message) {
    try {
      _callback?.call(message);
    } on Object catch (error, stack) {
      onCallbackError(error, stack);
    }
    if (_controller.hasListener) _controller.add(message);
  }
}
