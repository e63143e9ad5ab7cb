import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/src/cbor/cbor_writer.dart';
import 'package:rpc_dart_router_client/src/wire/envelope.dart';

import 'test_router.dart';

/// One WebSocket of a client.
final class TestConnection {
  TestConnection(this.socket);

  final WebSocket socket;
  final Map<int, String> methods = {};
  final Map<int, TestRouterClient> bound = {};

  void send(int streamId, Uint8List body) => _add(encodeData(streamId, body));

  void answer(int streamId, Map<String, dynamic> answer) {
    _add(encodeMetadata(streamId, {':status': '200', 'content-type': 'application/grpc'}));
    send(streamId, encodeCbor(answer));
    end(streamId, 0, '');
  }

  void end(int streamId, int status, String message) => _add(
    encodeMetadata(streamId, {
      'grpc-status': '$status',
      if (message.isNotEmpty) 'grpc-message': message,
    }, endsStream: true),
  );

  void _add(Uint8List message) {
    if (socket.readyState != WebSocket.open) return;
    try {
      socket.add(message);
    } on StateError {
      // a write has failed, and the end of the socket is not reported yet
    }
  }
}

/// A registered client of [TestRouter], with the router's half of its session.
final class TestRouterClient {
  TestRouterClient(this.id, this._router);

  final String id;
  final TestRouter _router;
  String? _token;
  String? name;
  List<dynamic> groups = [];
  Map<String, dynamic> metadata = {};

  /// Messages of the client that were counted.
  int received = 0;
  int _reported = 0;

  /// Messages to the client that it has not acknowledged; the first has the number [_firstKept].
  final List<Uint8List> _kept = [];
  int _firstKept = 1;

  /// Numbers that the client does not count, because their messages were dropped: now, and as known to
  /// the holder of a token.
  int _skipped = 0;
  final Map<String, int> _skippedAtToken = {};
  TestConnection? _connection;
  int _streamId = 0;
  Timer? _window;

  bool get isConnected => _connection != null;

  void describe(Map<String, dynamic> request) {
    name = request['clientName'] as String? ?? name;
    groups = [...request['groups'] as List<dynamic>? ?? groups];
    metadata = request['metadata'] as Map<String, dynamic>? ?? metadata;
  }

  set token(String? token) {
    _token = token;
    if (token != null) _skippedAtToken[token] = _skipped;
  }

  String? get token => _token;

  /// Takes the session up with the token that the client has; returns how many messages are lost.
  int resume(String usedToken, int clientReceived) {
    _unbind(10, 'Replaced by a newer p2p stream of the same client');
    _window?.cancel();
    _window = Timer(_router.options.window, _expire);
    // the answer that brought a later token may be lost
    _skipped = _skippedAtToken[usedToken]!;
    _drop(clientReceived);
    final lost = _firstKept - 1 - clientReceived - _skipped;
    _skipped += lost;
    return lost;
  }

  void bind(TestConnection connection, int streamId, int? clientReceived) {
    _unbind(10, 'Replaced by a newer p2p stream of the same client');
    _window?.cancel();
    _connection = connection;
    _streamId = streamId;
    connection.bound[streamId] = this;
    final now = DateTime.now().millisecondsSinceEpoch;
    _write({
      'type': 'heartbeat',
      'senderId': 'router',
      'targetId': id,
      'payload': {'connected': true, 'timestamp': now},
      'success': true,
      'timestamp': now,
    });
    if (clientReceived != null) _drop(clientReceived);
    for (final body in _kept) {
      connection.send(streamId, body);
    }
  }

  void onMessage(Map<String, dynamic> message, Uint8List body) {
    if (body.length > _router.options.maxMessageBytes) return _refuseTooLarge();
    if (message['type'] != 'heartbeat') received++;
    final payload = message['payload'] as Map<String, dynamic>?;
    switch (message['type']) {
      case 'heartbeat':
        if (payload?['received'] case final int count) _drop(count);
        if (token != null && _router.options.acknowledges) _sendHeartbeat();
      case 'unicast' || 'request' || 'response':
        _forward(message);
      case 'multicast':
        for (final other in _router.clients.values) {
          if (other != this && other.groups.contains(message['groupName'])) other._deliver(message, id);
        }
      case 'broadcast':
        for (final other in _router.clients.values) {
          if (other != this) other._deliver(message, id);
        }
      case 'updateMetadata':
        _updateMetadata(payload!);
      case 'updateGroups':
        _updateGroups(payload!);
    }
    if (received - _reported >= 64) acknowledgeReceived();
  }

  /// Sends a heartbeat when something has come since the last one.
  void acknowledgeReceived() {
    if (token != null && received > _reported && _router.options.acknowledges) _sendHeartbeat();
  }

  void onConnectionLost() {
    _connection = null;
    if (token == null) return _router.remove(this, 'Connection lost');
    _window = Timer(_router.options.window, _expire);
  }

  void stop() {
    _window?.cancel();
    _connection?.bound.remove(_streamId);
    _connection = null;
  }

  /// Sends a message of the router itself.
  void send(Map<String, dynamic> message) => _enqueue(encodeCbor(message));

  Map<String, dynamic> toInfo() => {
    'clientId': id,
    'clientName': name,
    'groups': groups,
    'connectedAt': 1700000000000,
    'lastActivity': 1700000000001,
    'metadata': metadata,
    'status': isConnected ? 'online' : 'idle',
  };

  void _forward(Map<String, dynamic> message) {
    final target = _router.clients[message['targetId']];
    if (target != null) return target._deliver(message, id);
    final payload = message['payload'] as Map<String, dynamic>?;
    final text = 'Клиент ${message['targetId']} не найден или отключен';
    final isRequest = message['type'] == 'request';
    send({
      'type': isRequest ? 'response' : 'error',
      'targetId': id,
      'errorMessage': text,
      if (isRequest) 'success': false,
      'payload': {
        'code': 'not-found',
        for (final key in ['requestId', 'messageId'])
          if (payload?[key] != null) key: payload![key],
      },
    });
  }

  /// As at `register`, metadata with the key `tooLarge` is refused.
  void _updateMetadata(Map<String, dynamic> payload) {
    final next = payload['metadata'] as Map<String, dynamic>;
    if (next.containsKey('tooLarge')) return _refuse(payload, 'too-large');
    metadata = next;
  }

  void _refuse(Map<String, dynamic> payload, String code) => send({
    'type': 'error',
    'targetId': id,
    'errorMessage': 'the change is refused: $code',
    'payload': {'code': code, 'messageId': payload['messageId']},
  });

  void _updateGroups(Map<String, dynamic> payload) {
    final join = payload['join'] as List<dynamic>? ?? const [];
    if (join.contains('forbidden')) return _refuse(payload, 'forbidden');
    final leave = payload['leave'] as List<dynamic>? ?? const [];
    groups = [...groups.where((group) => !leave.contains(group)), ...join];
  }

  void _deliver(Map<String, dynamic> message, String senderId) =>
      _enqueue(encodeCbor({...message, 'senderId': senderId}));

  void _enqueue(Uint8List body) {
    if (token != null) {
      _kept.add(body);
      if (_kept.length > _router.options.keptMessages) {
        _kept.removeAt(0);
        _firstKept++;
      }
    }
    _connection?.send(_streamId, body);
  }

  void _sendHeartbeat() {
    _reported = received;
    _write({
      'type': 'heartbeat',
      'senderId': 'router',
      'payload': {'received': received, 'timestamp': DateTime.now().millisecondsSinceEpoch},
    });
  }

  void _write(Map<String, dynamic> message) => _connection?.send(_streamId, encodeCbor(message));

  void _drop(int count) {
    while (_firstKept <= count + _skipped && _kept.isNotEmpty) {
      _kept.removeAt(0);
      _firstKept++;
    }
  }

  void _refuseTooLarge() {
    send({
      'type': 'error',
      'errorMessage': 'the message is too large',
      'payload': {'code': 'too-large'},
    });
    final connection = _connection;
    _unbind(8, 'the message is too large');
    if (connection != null) onConnectionLost();
  }

  void _unbind(int status, String message) {
    _connection?.bound.remove(_streamId);
    _connection?.end(_streamId, status, message);
    _connection = null;
  }

  void _expire() {
    if (!isConnected) _router.remove(this, 'Session expired');
  }
}
