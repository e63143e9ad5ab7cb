import 'dart:async';
import 'dart:typed_data';

import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../model/router_message.dart';
import '../session/acknowledger.dart';
import '../session/liveness.dart';
import '../session/session.dart';
import '../wire/rpc_channel.dart';
import 'options.dart';

/// The p2p stream of one connection: binds it to the client's id, counts and acknowledges what comes,
/// writes what is in the outbox.
final class P2PStream {
  P2PStream({
    required RpcChannel channel,
    required Session session,
    required String clientId,
    required RouterClientOptions options,
    required this.onMessage,
    required this.onUndecodable,
    required this.onTooLarge,
  }) : _channel = channel,
       _session = session,
       _clientId = clientId,
       _options = options;

  final void Function(RouterMessage message) onMessage;
  final void Function(FormatException error) onUndecodable;

  /// The router ended the stream because of a message that is too large.
  final void Function(RouterException error) onTooLarge;
  final RpcChannel _channel;
  final Session _session;
  final String _clientId;
  final RouterClientOptions _options;
  late final RpcCall _call;
  final Completer<void> _bound = Completer<void>();
  bool _isStopped = false;

  /// Code of the last message when that was an `error`: the reason of an end that follows.
  String? _lastErrorCode;

  late final Acknowledger _acknowledger = Acknowledger(sendHeartbeat);
  late final Liveness _liveness = Liveness(
    interval: _options.heartbeatInterval,
    timeout: _options.heartbeatTimeout,
    sendProbe: _sendProbe,
    onDead: () => _channel.close(
      RouterException(
        RouterErrorCode.unreachable,
        'the router did not answer a heartbeat within ${_options.heartbeatTimeout}',
      ),
    ),
  );

  bool get isBound => _bound.isCompleted && !_isStopped;

  /// Opens the stream and waits for the confirmation of the router.
  Future<void> bind() {
    _call = _channel.open('p2p', onMessage: _receive, onEnd: _onEnd);
    sendHeartbeat();
    return _bound.future.timeout(
      _options.callTimeout,
      onTimeout: () => throw RouterException(
        RouterErrorCode.timeout,
        'p2p: no confirmation within ${_options.callTimeout}',
      ),
    );
  }

  /// Starts to look after the connection with heartbeats.
  void startHeartbeats() => _liveness.start();

  /// Finds out now whether the connection is alive.
  void probe() {
    if (isBound) _liveness.probe();
  }

  void onActivity() => _liveness.onActivity();

  /// Writes what this connection has not had. Without a session that is all there is to it.
  void flush() {
    if (isBound) _session.outbox.writeAll(_call.send, keep: _session.isActive);
  }

  /// Sends a heartbeat, which acknowledges in a session, and binds when it is the first message.
  void sendHeartbeat() {
    if (_isStopped) return;
    _acknowledger.reset();
    final message = RouterMessage.heartbeat(
      senderId: _clientId,
      timestamp: DateTime.now().millisecondsSinceEpoch,
      payload: _session.isActive
          ? {if (!isBound) 'session': _session.token, 'received': _session.received}
          : null,
    );
    _call.send(encodeCbor(message.toMap()));
  }

  /// Ends the stream in an orderly way, which ends the session.
  void end() {
    if (_isStopped) return;
    stop();
    _call.halfClose();
  }

  /// Stops the timers; nothing is sent or counted afterwards.
  void stop() {
    _isStopped = true;
    _acknowledger.reset();
    _liveness.stop();
  }

  void _sendProbe() {
    sendHeartbeat();
    // a router answers heartbeats in a session only
    if (!_session.isActive) {
      final now = DateTime.now().millisecondsSinceEpoch;
      _channel.unary('ping', encodeCbor({'v': now}), _options.callTimeout).ignore();
    }
  }

  void _receive(Uint8List body) {
    if (_isStopped) return;
    final RouterMessage message;
    try {
      message = RouterMessage.decode(body);
    } on FormatException catch (error) {
      _count(body);
      return onUndecodable(error);
    }
    _lastErrorCode = message.type == RouterMessageType.error ? message.errorCode : null;
    if (message.type == RouterMessageType.heartbeat) return _onHeartbeat(message);
    if (!_bound.isCompleted && message.type == RouterMessageType.error) return _onRefused(message);
    _count(body);
    onMessage(message);
  }

  void _count(Uint8List body) {
    if (!_session.isActive) return;
    _session.countReceived();
    _acknowledger.onReceived(body.length);
  }

  void _onHeartbeat(RouterMessage message) {
    if (!_bound.isCompleted && message.payload?['connected'] == true) _bound.complete();
    final received = message.payload?['received'];
    if (_session.isActive && received is int) {
      try {
        _session.outbox.acknowledge(received);
      } on RouterException catch (error) {
        return _channel.close(error);
      }
    }
    onMessage(message);
  }

  void _onRefused(RouterMessage message) {
    _bound.completeError(
      RouterException(
        message.errorCode ?? RouterErrorCode.notRegistered,
        message.errorMessage ?? 'the p2p stream was refused',
      ),
    );
  }

  /// A stream that ends takes its connection with it: a new one begins with a registration.
  void _onEnd(RpcStatus status) {
    if (_isStopped) return;
    final isReplaced = status.code == RpcStatus.aborted;
    final error = RouterException(
      isReplaced ? RouterErrorCode.replaced : RouterErrorCode.unreachable,
      status.message.isEmpty ? 'the router ended the stream (status ${status.code})' : status.message,
    );
    // an `error` of this code that concerns metadata or groups does not end the stream
    if (status.code == RpcStatus.resourceExhausted && _lastErrorCode == RouterErrorCode.tooLarge) {
      onTooLarge(RouterException(RouterErrorCode.tooLarge, error.message));
    }
    if (!_bound.isCompleted) _bound.completeError(error);
    _channel.close(error);
  }
}
