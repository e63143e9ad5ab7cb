import 'dart:async';

import '../session/reconnect_policy.dart';
import '../transport/router_socket.dart';

/// How a client connects and what it keeps.
final class RouterClientOptions {
  const RouterClientOptions({
    this.token,
    this.tokenProvider,
    this.session = true,
    this.reconnect = const ReconnectPolicy(),
    this.waitForRouter = false,
    this.bufferBytes = 4 * 1024 * 1024,
    this.connectTimeout = const Duration(seconds: 10),
    this.callTimeout = const Duration(seconds: 10),
    this.heartbeatInterval = const Duration(seconds: 20),
    this.heartbeatTimeout = const Duration(seconds: 10),
    this.closeTimeout = const Duration(seconds: 2),
    this.connector,
    this.log,
  });

  /// Proves to the router who this is; sent as `metadata.token` of `register`.
  final String? token;

  /// Called at each registration, so at each reconnect, in place of [token].
  final FutureOr<String> Function()? tokenProvider;

  /// Asks for a session, in which a lost connection loses no message. A router without sessions
  /// serves the client all the same.
  final bool session;

  /// What happens when the connection is lost.
  final ReconnectPolicy reconnect;

  /// Whether the first connection is tried again when it fails, as later ones are. Otherwise the call
  /// that needed it throws.
  final bool waitForRouter;

  /// Limit of the messages that are sent and not acknowledged, or kept while the client is away.
  final int bufferBytes;

  final Duration connectTimeout;

  /// Limit of `register`, `ping`, `getOnlineClients` and the opening of p2p.
  final Duration callTimeout;

  /// How often the client shows that it is alive, and finds out whether the connection is.
  final Duration heartbeatInterval;

  /// How long an answer to a heartbeat may take before the connection is given up.
  final Duration heartbeatTimeout;

  /// How long `close` waits for the acknowledgement of what was sent.
  final Duration closeTimeout;

  /// Makes connections in another way, for instance with a certificate authority of your own:
  /// `ioConnector` in `package:rpc_dart_router_client/io.dart`.
  final SocketConnector? connector;

  /// Receives log lines, for debugging. They contain neither tokens nor payloads, except in errors that
  /// a handler of the application throws.
  final void Function(String line)? log;
}
