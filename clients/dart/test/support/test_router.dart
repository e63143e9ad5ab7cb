import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/src/cbor/cbor_reader.dart';
import 'package:rpc_dart_router_client/src/cbor/cbor_writer.dart';
import 'package:rpc_dart_router_client/src/wire/envelope.dart';
import 'package:rpc_dart_router_client/src/wire/grpc_framing.dart';

import 'test_router_client.dart';

/// A small router that speaks the wire of the real one over WebSocket, with sessions: what the tests
/// of the client need, and knobs that the real one does not have.
final class TestRouter {
  TestRouter._(this._server, this.options) {
    _server.listen(_accept);
    _sweep = Timer.periodic(const Duration(milliseconds: 20), (_) {
      for (final client in [...clients.values]) {
        client.acknowledgeReceived();
      }
    });
  }

  static Future<TestRouter> start({
    TestRouterOptions options = const TestRouterOptions(),
    int port = 0,
    SecurityContext? tls,
  }) async {
    final address = InternetAddress.loopbackIPv4;
    final server = tls == null
        ? await HttpServer.bind(address, port)
        : await HttpServer.bindSecure(address, port, tls);
    return TestRouter._(server, options);
  }

  final HttpServer _server;
  final TestRouterOptions options;
  final Map<String, TestRouterClient> clients = {};
  final Map<String, TestRouterClient> _byToken = {};
  final Set<TestConnection> connections = {};
  final Set<(TestConnection, int)> _eventStreams = {};

  /// Requests of `register`, decoded, in order.
  final List<Map<String, dynamic>> registrations = [];

  /// Heartbeats of clients, decoded, in order.
  final List<Map<String, dynamic>> heartbeats = [];

  /// When set, `register` is refused with this text and code.
  (String, String?)? refusal;

  late final Timer _sweep;
  int _ids = 0;

  int get port => _server.port;
  String get url => 'ws://127.0.0.1:$port';

  Future<void> stop() async {
    _sweep.cancel();
    for (final client in clients.values) {
      client.stop();
    }
    for (final connection in [...connections]) {
      connection.socket.close(WebSocketStatus.goingAway).ignore();
    }
    await _server.close(force: true);
  }

  Future<void> _accept(HttpRequest request) async {
    final socket = await WebSocketTransformer.upgrade(
      request,
      compression: CompressionOptions.compressionOff,
    );
    final connection = TestConnection(socket);
    connections.add(connection);
    socket.listen(
      (message) => _receive(connection, message as Uint8List),
      onDone: () => _onClosed(connection),
      onError: (_) {},
    );
  }

  void _receive(TestConnection connection, Uint8List message) {
    switch (decodeEnvelope(message)!) {
      case MetadataEnvelope(:final streamId, :final headers):
        connection.methods[streamId] = headers[':path']!;
      case DataEnvelope(:final streamId, :final body, :final endsStream):
        for (final message in splitGrpcMessages(body)) {
          _onBody(connection, streamId, connection.methods[streamId]!, message);
        }
        if (endsStream && body.isEmpty) _onHalfClose(connection, streamId);
    }
  }

  void _onBody(TestConnection connection, int streamId, String path, Uint8List body) {
    switch (path) {
      case '/router/register':
        connection.answer(streamId, _register(decodeCborMap(body)));
      case '/router/ping':
        if (options.answersPings) connection.answer(streamId, _pong(decodeCborMap(body)));
      case '/router/getOnlineClients':
        connection.answer(streamId, _list(decodeCborMap(body)));
      case '/router/events':
        _eventStreams.add((connection, streamId));
        final stats = {'activeClients': clients.length, 'messagesPerSecond': 0};
        connection.send(streamId, _event('routerStats', stats));
      case '/router/p2p':
        _onP2P(connection, streamId, body);
    }
  }

  Map<String, dynamic> _register(Map<String, dynamic> request) {
    registrations.add(request);
    if (refusal case (final text, final code)) {
      return {
        'clientId': '',
        'success': false,
        'errorMessage': text,
        if (code != null) 'code': code,
      };
    }
    if (request['metadata'] case {'tooLarge': _}) {
      return {'clientId': '', 'success': false, 'errorMessage': 'the metadata is too large'};
    }
    final asked = request['session'];
    final known = asked is Map ? _byToken[asked['token']] : null;
    final client = known ?? (clients['client_${++_ids}'] = TestRouterClient('client_$_ids', this));
    client.describe(request);
    Map<String, dynamic>? session;
    if (asked is Map && options.sessions) {
      final previous = client.token;
      final lost = known == null ? 0 : client.resume(asked['token'] as String, asked['received'] as int);
      client.token = 'token_${client.id}_${++_ids}';
      _byToken.removeWhere((token, owner) => owner == client && token != previous);
      _byToken[client.token!] = client;
      session = {
        'token': client.token,
        'resumed': known != null,
        'received': client.received,
        'windowMs': options.window.inMilliseconds,
        'lost': lost,
      };
    }
    if (known == null) broadcastEvent('clientConnected', {'clientId': client.id});
    return {
      'clientId': client.id,
      'success': true,
      if (session != null) 'session': session,
    };
  }

  void _onP2P(TestConnection connection, int streamId, Uint8List body) {
    final message = decodeCborMap(body);
    if (message['type'] == 'heartbeat') heartbeats.add(message);
    final bound = connection.bound[streamId];
    if (bound != null) return bound.onMessage(message, body);
    final payload = message['payload'] as Map<String, dynamic>?;
    final token = payload?['session'];
    final client = token == null ? clients[message['senderId']] : _byToken[token];
    if (client == null) {
      final text = 'Клиент ${message['senderId']} не зарегистрирован. Сначала вызовите register()';
      return connection.send(streamId, encodeCbor({'type': 'error', 'errorMessage': text}));
    }
    client.bind(connection, streamId, payload?['received'] as int?);
  }

  void _onHalfClose(TestConnection connection, int streamId) {
    final client = connection.bound.remove(streamId);
    if (client == null) return;
    connection.end(streamId, 0, '');
    remove(client, 'Stream ended');
  }

  void _onClosed(TestConnection connection) {
    connections.remove(connection);
    _eventStreams.removeWhere((stream) => stream.$1 == connection);
    for (final client in connection.bound.values) {
      client.onConnectionLost();
    }
  }

  void remove(TestRouterClient client, String reason) {
    client.stop();
    clients.remove(client.id);
    _byToken.removeWhere((_, owner) => owner == client);
    broadcastEvent('clientDisconnected', {'clientId': client.id, 'reason': reason});
  }

  /// Forgets every client, as a restart does; connections are cut.
  void forgetEverything() {
    for (final client in [...clients.values]) {
      remove(client, 'Restart');
    }
    for (final connection in [...connections]) {
      connection.socket.close(WebSocketStatus.goingAway).ignore();
    }
  }

  void broadcastEvent(String type, Map<String, dynamic> data) {
    for (final (connection, streamId) in _eventStreams) {
      connection.send(streamId, _event(type, data));
    }
  }

  Map<String, dynamic> _pong(Map<String, dynamic> request) => {
    'timestamp': request['v'],
    'serverTimestamp': DateTime.now().millisecondsSinceEpoch,
  };

  Map<String, dynamic> _list(Map<String, dynamic> request) {
    final groups = request['groups'] as List<dynamic>?;
    return {
      'clients': [
        for (final client in clients.values)
          if (groups == null || groups.any(client.groups.contains)) client.toInfo(),
      ],
    };
  }
}

Uint8List _event(String type, Map<String, dynamic> data) => encodeCbor({
  'type': type,
  'timestamp': DateTime.now().millisecondsSinceEpoch,
  'data': data,
});

final class TestRouterOptions {
  const TestRouterOptions({
    this.sessions = true,
    this.window = const Duration(seconds: 60),
    this.keptMessages = 1 << 30,
    this.acknowledges = true,
    this.answersPings = true,
    this.maxMessageBytes = 1 << 30,
  });

  final bool sessions;
  final Duration window;

  /// How many messages to a client are kept at most while they are not acknowledged.
  final int keptMessages;

  /// Whether what clients send is acknowledged while they are connected.
  final bool acknowledges;
  final bool answersPings;
  final int maxMessageBytes;
}
