import 'dart:async';

import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../model/router_client_info.dart';
import '../model/router_event.dart';
import '../model/router_message.dart';
import '../model/router_state.dart';
import 'connection.dart';
import 'connection_listener.dart';
import 'inbox.dart';
import 'options.dart';
import 'outgoing.dart';
import 'registration.dart';
import 'request_handler.dart';
import 'request_table.dart';

/// A client of the router.
///
/// ```dart
/// final client = await RpcRouterClient.connect('ws://localhost:8080', clientName: 'alice');
/// client.messages.listen((message) => print(message.payload));
/// await client.sendUnicast(friendId, {'text': 'hi'});
/// ```
///
/// It keeps itself connected: when the connection is lost it connects again, takes its session up and
/// sends what the router has not received. [state] and [states] show how that goes.
final class RpcRouterClient {
  /// A client of the router at [url] (`ws://` or `wss://`, a `String` or a `Uri`). It connects with the
  /// first call.
  RpcRouterClient(Object url, {this.options = const RouterClientOptions()}) {
    _connection = RouterConnection(
      _parseUrl(url),
      options,
      ConnectionListener(
        onMessage: _inbox.addMessage,
        onEvent: _inbox.addEvent,
        onState: _inbox.addState,
        onProblem: _inbox.addProblem,
        onRequestsLost: _requests.failWritten,
      ),
    );
  }

  /// A client that is connected, registered, and able to send and receive.
  static Future<RpcRouterClient> connect(
    Object url, {
    String? clientName,
    List<String> groups = const [],
    Map<String, dynamic>? metadata,
    RouterClientOptions options = const RouterClientOptions(),
  }) async {
    final client = RpcRouterClient(url, options: options);
    try {
      await client.register(clientName: clientName, groups: groups, metadata: metadata);
      await client.initializeP2P();
      return client;
    } on Object {
      await client.close();
      rethrow;
    }
  }

  final RouterClientOptions options;
  late final RouterConnection _connection;
  final RequestTable _requests = RequestTable();
  late final Inbox _inbox = Inbox(
    requests: _requests,
    respond: (response) {
      if (!_connection.isClosed) _outgoing.send(response).ignore();
    },
    log: options.log,
  );
  late final Outgoing _outgoing = Outgoing(_connection, _requests, onFailed: _inbox.addProblem);

  /// The id that the router gave at [register]. It stays as long as the session goes on.
  String? get clientId => _connection.setup.clientId;

  bool get isRegistered => clientId != null;

  /// The groups of this client.
  Set<String> get groups => {...?_connection.setup.registration?.current.groups};

  /// Messages of other clients and errors of the router. Requests go to [onRequest] when it is set,
  /// responses to the [sendRequest] that waits for them.
  Stream<RouterMessage> get messages => _inbox.messages;

  /// Events of the router, after [subscribeToEvents].
  Stream<RouterEvent> get events => _inbox.events;

  RouterState get state => _connection.state;

  /// Changes of [state].
  Stream<RouterState> get states => _inbox.states;

  /// Faults that belong to no call: a send that failed, an unreadable message, a callback that threw.
  Stream<RouterException> get problems => _inbox.problems;

  /// Bytes of sent messages that the router has not acknowledged yet.
  int get bufferedBytes => _connection.outbox.bufferedBytes;

  /// Completes when there is room to send: at most half of `bufferBytes` is in use.
  Future<void> drain() => _connection.outbox.whenAtMost(options.bufferBytes ~/ 2);

  /// Completes when everything sent so far is acknowledged or has failed.
  Future<void> flush() {
    _connection.sendHeartbeat();
    return _connection.outbox.whenAtMost(0);
  }

  /// Registers with the router; returns the id. A [RouterException] when the router refuses, or cannot
  /// be reached. Called again, it registers with the new name, groups and metadata.
  Future<String> register({
    String? clientName,
    List<String>? groups,
    Map<String, dynamic>? metadata,
  }) async {
    encodeCbor(metadata);
    final previous = _connection.setup.registration;
    _connection.setup.registration = Registration(
      clientName: clientName,
      groups: groups ?? const [],
      metadata: metadata,
    );
    if (previous != null) _connection.restart();
    try {
      await _connection.establish();
    } on RouterException {
      _connection.setup.registration = previous;
      rethrow;
    }
    return clientId!;
  }

  /// The time of a round trip to the router.
  Future<Duration> ping() async {
    final clock = Stopwatch()..start();
    await _call('ping', {'v': DateTime.now().millisecondsSinceEpoch});
    return clock.elapsed;
  }

  /// The clients that are online or idle: those of any of [groups], with every entry of [metadata].
  Future<List<RouterClientInfo>> getOnlineClients({
    List<String>? groups,
    Map<String, dynamic>? metadata,
  }) async {
    final answer = await _call('getOnlineClients', {
      if (groups != null) 'groups': groups,
      if (metadata != null) 'metadata': metadata,
    });
    try {
      final clients = answer['clients'] as List<dynamic>;
      return [for (final client in clients) RouterClientInfo.fromMap(client as Map<String, dynamic>)];
    } on Object catch (error) {
      throw RouterException(RouterErrorCode.protocol, 'getOnlineClients: $error');
    }
  }

  /// Opens the stream of messages. May be called again to change the callback.
  ///
  /// Without [enableAutoHeartbeat] the client neither shows that it is alive nor finds connections that
  /// are dead without being closed.
  Future<void> initializeP2P({
    void Function(RouterMessage message)? onP2PMessage,
    bool enableAutoHeartbeat = true,
    bool filterRouterHeartbeats = true,
  }) {
    if (!isRegistered) throw StateError('call register() before initializeP2P()');
    _inbox.filtersHeartbeats = filterRouterHeartbeats;
    if (onP2PMessage != null) _inbox.hub.callback = onP2PMessage;
    _connection.setup
      ..wantsHeartbeats = enableAutoHeartbeat
      ..wantsP2P = true;
    return _connection.establish();
  }

  /// Sends [payload] to one client.
  ///
  /// In a session the future completes when the router has received the message, whatever happens to
  /// connections meanwhile; do not await each of many messages, but the last one, or [drain]. It fails
  /// with a [RouterException]. [problems] reports it as well.
  Future<void> sendUnicast(String targetId, Map<String, dynamic> payload) =>
      sendP2PMessage(RouterMessage.unicast(targetId: targetId, payload: payload));

  /// Sends [payload] to the members of a group, without this client.
  Future<void> sendMulticast(String groupName, Map<String, dynamic> payload) =>
      sendP2PMessage(RouterMessage.multicast(groupName: groupName, payload: payload));

  /// Sends [payload] to every client but this one.
  Future<void> sendBroadcast(Map<String, dynamic> payload) =>
      sendP2PMessage(RouterMessage.broadcast(payload: payload));

  /// Sends any message.
  Future<void> sendP2PMessage(RouterMessage message) {
    if (message.type == RouterMessageType.heartbeat) return heartbeat();
    return _outgoing.send(message);
  }

  /// Sends a request and returns the payload of the response. A [RouterException] with the code
  /// `timeout`, `not-found`, `remote` (an error of the other client), or another one.
  Future<Map<String, dynamic>> sendRequest(
    String targetId,
    Map<String, dynamic> payload, {
    Duration timeout = const Duration(seconds: 30),
  }) => _outgoing.request(targetId, payload, timeout);

  /// Sets the handler that answers requests; null gives them to [messages] again.
  // A setter would read like a property of the client.
  // ignore: use_setters_to_change_properties
  void onRequest(RequestHandler? handler) => _inbox.requestHandler = handler;

  /// Replaces the metadata of this client. False before [initializeP2P]. A [RouterException] when the
  /// router refuses.
  Future<bool> updateMetadata(Map<String, dynamic> metadata) async {
    if (!_connection.setup.wantsP2P || _connection.setup.registration == null) {
      _inbox.report('updateMetadata() before initializeP2P() does nothing');
      return false;
    }
    await _outgoing.updateMetadata(metadata);
    return true;
  }

  /// Joins and leaves groups. A [RouterException] when the router refuses.
  Future<void> updateGroups({List<String> join = const [], List<String> leave = const []}) =>
      _outgoing.updateGroups(join, leave);

  Future<void> join(String group) => updateGroups(join: [group]);

  Future<void> leave(String group) => updateGroups(leave: [group]);

  /// Sends a heartbeat now.
  Future<void> heartbeat() async {
    _outgoing.requireP2P();
    _connection.sendHeartbeat();
  }

  /// Starts [events]. The first one is `routerStats`.
  Future<void> subscribeToEvents() async {
    if (_inbox.takesEvents) return;
    _inbox.resumeEvents();
    _connection.setup.wantsEvents = true;
    await _connection.establish();
  }

  /// Stops [events]. The wire has no way to say so: until the connection ends, events still arrive and
  /// are ignored.
  Future<void> unsubscribeFromEvents() async {
    _inbox.takesEvents = false;
    _connection.setup.wantsEvents = false;
  }

  /// Tries to connect at once. For an application that learns that the network is back, or that it is in
  /// the foreground again; browsers report it by themselves. When connected, it checks the connection.
  void reconnectNow() => _connection.reconnectNow();

  /// Ends the session and the connection in an orderly way. The client cannot be used afterwards.
  Future<void> close() async {
    if (_connection.isClosed) return;
    await _connection.close();
    _inbox.close();
  }

  /// The same as [close], under the name of 2025.
  Future<void> dispose() => close();

  Future<Map<String, dynamic>> _call(String method, Map<String, dynamic> request) async {
    final link = await _connection.connected().timeout(
      options.callTimeout,
      onTimeout: () => throw RouterException(
        RouterErrorCode.unreachable,
        '$method: not connected within ${options.callTimeout}',
      ),
    );
    return link.call(method, request);
  }
}

Uri _parseUrl(Object url) {
  final uri = url is Uri ? url : Uri.parse('$url');
  if (uri.scheme == 'ws' || uri.scheme == 'wss') return uri;
  throw ArgumentError.value('$url', 'url', 'must begin with ws:// or wss://');
}
