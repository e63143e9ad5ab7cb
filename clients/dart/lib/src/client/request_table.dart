import 'dart:async';
import 'dart:math';

import '../cbor/numbers.dart';
import '../errors.dart';
import '../model/router_message.dart';
import '../session/outbox.dart';

/// The requests of this client that wait for a response.
final class RequestTable {
  final Map<String, _PendingRequest> _pending = {};
  final String _prefix = _randomPrefix();
  int _count = 0;

  /// An id that no other request has, of this client or another, now or after a restart.
  String newId() => 'req_${_prefix}_${++_count}';

  /// Waits for the response to [requestId], which was put into the outbox as [entry].
  Future<Map<String, dynamic>> add(String requestId, OutboxEntry entry, Duration timeout) {
    final request = _PendingRequest(entry);
    _pending[requestId] = request;
    final timer = Timer(timeout, () {
      final error = RouterException(RouterErrorCode.timeout, 'no response within $timeout');
      _pending.remove(requestId)?.response.completeError(error);
    });
    entry.delivered.then<void>(
      (_) {},
      onError: (Object error) => _pending.remove(requestId)?.response.completeError(error),
    );
    return request.response.future.whenComplete(timer.cancel);
  }

  /// True when [message] is the response to a request of this table.
  bool complete(RouterMessage message) {
    final request = _pending.remove(message.requestId);
    if (request == null) return false;
    if (message.success == true) {
      request.response.complete(message.payload ?? {});
    } else {
      final code = message.errorCode ?? RouterErrorCode.remote;
      final text = message.errorMessage ?? 'the request failed';
      request.response.completeError(RouterException(code, text));
    }
    return true;
  }

  /// Fails the requests that the router may have had: there will be no response to them.
  void failWritten(RouterException error) => _fail((request) => request.entry.wasWritten, error);

  void failAll(RouterException error) => _fail((_) => true, error);

  void _fail(bool Function(_PendingRequest) test, RouterException error) {
    final failed = _pending.values.where(test).toList();
    _pending.removeWhere((_, request) => test(request));
    for (final request in failed) {
      request.response.completeError(error);
    }
  }
}

final class _PendingRequest {
  _PendingRequest(this.entry);

  final OutboxEntry entry;
  final Completer<Map<String, dynamic>> response = Completer();
}

String _randomPrefix() {
  final random = _secureRandom();
  String word() => random.nextInt(twoPow32).toRadixString(16).padLeft(8, '0');
  return word() + word();
}

Random _secureRandom() {
  try {
    return Random.secure();
  } on UnsupportedError {
    return Random();
  }
}
