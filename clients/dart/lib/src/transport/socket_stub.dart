import 'router_socket.dart';

/// Where there is neither `dart:io` nor `dart:js_interop`.
Future<RouterSocket> connectSocket(Uri url, Duration timeout) =>
    throw UnsupportedError('this platform has no WebSocket; give RouterClientOptions.connector');

/// Calls [action] when the device reports that the network is back; returns the end of that.
void Function() onNetworkBack(void Function() action) => () {};
