import 'dart:async';
import 'dart:typed_data';

import '../cbor/cbor_reader.dart';
import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../transport/router_socket.dart';
import '../wire/rpc_channel.dart';
import 'p2p_stream.dart';

/// One connection and what was set up on it. After its loss it is of no use any more.
final class Link {
  Link(RouterSocket socket, this._callTimeout) {
    _channel = RpcChannel(
      socket,
      onActivity: () => p2p?.onActivity(),
      onClosed: (reason) {
        p2p?.stop();
        _lost.complete(reason);
      },
    );
  }

  late final RpcChannel _channel;
  final Duration _callTimeout;
  final Completer<RouterException> _lost = Completer();
  Future<void> _previousSteps = Future.value();

  bool isRegistered = false;
  P2PStream? p2p;
  RpcCall? events;

  RpcChannel get channel => _channel;

  /// Completes with the reason when the connection is lost.
  Future<RouterException> get lost => _lost.future;
  bool get isAlive => !_lost.isCompleted;

  /// Runs [steps] when those before have ended.
  Future<void> inOrder(Future<void> Function() steps) {
    final result = _previousSteps.then((_) => steps());
    _previousSteps = result.then<void>((_) {}, onError: (_) {});
    return result;
  }

  /// A unary call with a map for a request and for an answer.
  Future<Map<String, dynamic>> call(String method, Map<String, dynamic> request) async {
    final Uint8List answer = await channel.unary(method, encodeCbor(request), _callTimeout);
    try {
      return decodeCborMap(answer);
    } on FormatException catch (error) {
      throw RouterException(RouterErrorCode.protocol, '$method: ${error.message}');
    }
  }

  void close(RouterException reason) => _channel.close(reason);
}
