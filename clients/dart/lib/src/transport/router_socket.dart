import 'dart:typed_data';

/// A connection that carries whole binary messages: a WebSocket, or something in its place.
abstract interface class RouterSocket {
  /// Calls [onMessage] for each message and [onClosed] once at the end, with the reason. Called once,
  /// right after the connection was made.
  void listen({
    required void Function(Uint8List message) onMessage,
    required void Function(String reason) onClosed,
  });

  /// Sends [message]; does nothing when the socket is closed.
  void add(Uint8List message);

  /// Starts an orderly close. [onClosed] of [listen] is called as well.
  void close();
}

/// Makes a connection to [url], or throws within [timeout].
typedef SocketConnector = Future<RouterSocket> Function(Uri url, Duration timeout);
