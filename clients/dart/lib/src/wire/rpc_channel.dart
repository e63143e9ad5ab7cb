import 'dart:async';
import 'dart:typed_data';

import '../errors.dart';
import '../transport/router_socket.dart';
import 'envelope.dart';
import 'grpc_framing.dart';

/// How the other end ended a call.
final class RpcStatus {
  const RpcStatus(this.code, this.message);

  static const int ok = 0;
  static const int resourceExhausted = 8;
  static const int aborted = 10;

  final int code;
  final String message;
}

/// One call on a channel.
final class RpcCall {
  RpcCall._(this._channel, this.streamId, this._onMessage, this._onEnd);

  final RpcChannel _channel;
  final int streamId;
  final void Function(Uint8List body) _onMessage;
  final void Function(RpcStatus status) _onEnd;

  /// Sends one message.
  void send(Uint8List body, {bool endsStream = false}) =>
      _channel._send(encodeData(streamId, body, endsStream: endsStream));

  /// Ends this side of the stream.
  void halfClose() => _channel._send(encodeHalfClose(streamId));
}

/// The calls of one connection.
///
/// A call ends by its trailers or by the loss of the connection, whichever comes first; the second is
/// reported once for the channel, by [onClosed].
final class RpcChannel {
  RpcChannel(this._socket, {required void Function() onActivity, required this.onClosed})
    : _onActivity = onActivity {
    _socket.listen(onMessage: _receive, onClosed: (reason) => close(_lost(reason)));
  }

  final RouterSocket _socket;
  final void Function() _onActivity;
  final void Function(RouterException reason) onClosed;
  final Map<int, RpcCall> _calls = {};
  int _nextStreamId = 1;
  bool _isClosed = false;

  /// Opens a call of `/router/[method]`.
  RpcCall open(
    String method, {
    required void Function(Uint8List body) onMessage,
    required void Function(RpcStatus status) onEnd,
  }) {
    final call = RpcCall._(this, _nextStreamId, onMessage, onEnd);
    _nextStreamId += 2;
    _calls[call.streamId] = call;
    _send(encodeCallHeaders(call.streamId, '/router/$method'));
    return call;
  }

  /// A call with one request and one answer.
  Future<Uint8List> unary(String method, Uint8List request, Duration timeout) {
    final answer = Completer<Uint8List>();
    Uint8List? body;
    void fail(RouterException error) {
      if (!answer.isCompleted) answer.completeError(error);
    }

    if (_isClosed) return Future.error(_lost('the connection is closed'));
    final call = open(
      method,
      onMessage: (message) => body ??= message,
      onEnd: (status) {
        if (status.code != RpcStatus.ok) return fail(RouterException.ofStatus(status.code, status.message));
        if (answer.isCompleted) return;
        final message = body;
        if (message == null) return fail(const RouterException(RouterErrorCode.protocol, 'empty answer'));
        answer.complete(message);
      },
    );
    call.send(request, endsStream: true);
    return answer.future.timeout(
      timeout,
      onTimeout: () {
        _calls.remove(call.streamId);
        throw RouterException(RouterErrorCode.timeout, '$method: no answer within $timeout');
      },
    );
  }

  /// Closes the connection and ends every call with [reason]. Nothing is received afterwards.
  void close(RouterException reason) {
    if (_isClosed) return;
    _isClosed = true;
    _socket.close();
    final calls = [..._calls.values];
    _calls.clear();
    for (final call in calls) {
      call._onEnd(RpcStatus(14, reason.message));
    }
    onClosed(reason);
  }

  void _send(Uint8List message) {
    if (!_isClosed) _socket.add(message);
  }

  void _receive(Uint8List message) {
    if (_isClosed) return;
    _onActivity();
    try {
      switch (decodeEnvelope(message)) {
        case MetadataEnvelope(:final streamId, :final headers, endsStream: true):
          _endCall(streamId, headers);
        case DataEnvelope(:final streamId, :final body, :final endsStream):
          _deliver(streamId, body);
          if (endsStream) _endCall(streamId, const {'grpc-status': '0'});
        case MetadataEnvelope() || null:
          break;
      }
    } on FormatException catch (error) {
      close(RouterException(RouterErrorCode.protocol, 'malformed message: ${error.message}'));
    }
  }

  void _deliver(int streamId, Uint8List data) {
    final call = _calls[streamId];
    if (call == null) return;
    for (final body in splitGrpcMessages(data)) {
      // a message may have closed the channel
      if (_isClosed) return;
      call._onMessage(body);
    }
  }

  void _endCall(int streamId, Map<String, String> trailers) {
    final status = int.tryParse(trailers['grpc-status'] ?? '') ?? 2;
    _calls.remove(streamId)?._onEnd(RpcStatus(status, trailers['grpc-message'] ?? ''));
  }
}

RouterException _lost(String reason) => RouterException(RouterErrorCode.unreachable, reason);
