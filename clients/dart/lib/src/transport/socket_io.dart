import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'router_socket.dart';

/// The connector for the VM, Flutter on phones and on the desktop.
Future<RouterSocket> connectSocket(Uri url, Duration timeout) => ioConnector()(url, timeout);

/// The VM does not report changes of the network.
void Function() onNetworkBack(void Function() action) => () {};

/// A connector with a certificate authority of your own or a client certificate ([context]), a check
/// for certificates that are not trusted, or additional [headers] of the handshake.
SocketConnector ioConnector({
  SecurityContext? context,
  bool Function(X509Certificate certificate, String host, int port)? badCertificateCallback,
  Map<String, String>? headers,
}) {
  return (url, timeout) async {
    final http = HttpClient(context: context)
      ..connectionTimeout = timeout
      ..badCertificateCallback = badCertificateCallback;
    try {
      final socket = await WebSocket.connect(
        url.toString(),
        headers: headers,
        compression: CompressionOptions.compressionOff,
        customClient: http,
      ).timeout(timeout);
      return IoRouterSocket(socket);
    } on TimeoutException {
      // a handshake without an answer would keep its connection open
      http.close(force: true);
      rethrow;
    } finally {
      http.close();
    }
  };
}

/// A [RouterSocket] on a WebSocket of `dart:io`.
final class IoRouterSocket implements RouterSocket {
  IoRouterSocket(this._socket);

  final WebSocket _socket;

  @override
  void listen({
    required void Function(Uint8List message) onMessage,
    required void Function(String reason) onClosed,
  }) {
    _socket.listen(
      (message) {
        if (message is Uint8List) {
          onMessage(message);
        } else if (message is List<int>) {
          onMessage(Uint8List.fromList(message));
        }
      },
      onError: (Object error) => onClosed('connection failed: $error'),
      onDone: () => onClosed(_describeClose()),
      cancelOnError: true,
    );
  }

  @override
  void add(Uint8List message) {
    if (_socket.readyState != WebSocket.open) return;
    try {
      _socket.add(message);
    } on StateError {
      // a write has failed, and the end of the socket is not reported yet
    }
  }

  @override
  void close() {
    // ends after five seconds at the latest, also when the other end does not answer
    _socket.close(WebSocketStatus.normalClosure).ignore();
  }

  String _describeClose() {
    final reason = _socket.closeReason;
    final code = _socket.closeCode ?? WebSocketStatus.abnormalClosure;
    return 'connection closed ($code${reason == null || reason.isEmpty ? '' : ': $reason'})';
  }
}
