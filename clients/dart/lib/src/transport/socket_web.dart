import 'dart:async';
import 'dart:js_interop';
import 'dart:typed_data';

import 'router_socket.dart';

@JS('WebSocket')
extension type _WebSocket._(JSObject _) implements JSObject {
  external factory _WebSocket(String url);

  external int get readyState;
  external set binaryType(String value);
  external set onopen(JSFunction? handler);
  external set onmessage(JSFunction? handler);
  external set onerror(JSFunction? handler);
  external set onclose(JSFunction? handler);
  external void send(JSUint8Array data);
  external void close();
}

extension type _MessageEvent._(JSObject _) implements JSObject {
  external JSAny? get data;
}

extension type _CloseEvent._(JSObject _) implements JSObject {
  external int get code;
  external String get reason;
}

@JS('addEventListener')
external void _addEventListener(String type, JSFunction listener);

@JS('removeEventListener')
external void _removeEventListener(String type, JSFunction listener);

const int _open = 1;

/// The connector for browsers.
Future<RouterSocket> connectSocket(Uri url, Duration timeout) {
  final socket = _WebSocket(url.toString())..binaryType = 'arraybuffer';
  final opened = Completer<RouterSocket>();
  void fail(String reason) {
    if (!opened.isCompleted) opened.completeError(StateError(reason));
  }

  socket
    ..onopen = (() {
      if (!opened.isCompleted) opened.complete(_WebRouterSocket(socket));
    }).toJS
    ..onclose = ((_CloseEvent event) => fail('connection closed (${event.code})')).toJS;
  return opened.future.timeout(
    timeout,
    onTimeout: () {
      socket.close();
      throw TimeoutException('no WebSocket handshake', timeout);
    },
  );
}

/// Calls [action] when the browser reports that it is online again; returns the end of that.
void Function() onNetworkBack(void Function() action) {
  final listener = ((JSAny? _) => action()).toJS;
  _addEventListener('online', listener);
  return () => _removeEventListener('online', listener);
}

final class _WebRouterSocket implements RouterSocket {
  _WebRouterSocket(this._socket);

  final _WebSocket _socket;

  @override
  void listen({
    required void Function(Uint8List message) onMessage,
    required void Function(String reason) onClosed,
  }) {
    _socket
      ..onmessage = ((_MessageEvent event) {
        final data = event.data;
        if (data.isA<JSArrayBuffer>()) onMessage((data! as JSArrayBuffer).toDart.asUint8List());
      }).toJS
      ..onclose = ((_CloseEvent event) {
        final reason = event.reason;
        onClosed('connection closed (${event.code}${reason.isEmpty ? '' : ': $reason'})');
      }).toJS;
  }

  @override
  void add(Uint8List message) {
    if (_socket.readyState == _open) _socket.send(message.toJS);
  }

  @override
  void close() => _socket.close();
}
