import 'dart:async';

import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../model/router_message.dart';
import '../session/outbox.dart';
import 'connection.dart';
import 'registration.dart';
import 'request_table.dart';

/// Encodes messages and puts them into the outbox.
final class Outgoing {
  Outgoing(this._connection, this._requests, {required this.onFailed});

  final RouterConnection _connection;
  final RequestTable _requests;

  /// Called for every send that failed, because an application need not await sends.
  final void Function(RouterException error) onFailed;

  /// A call in the wrong order and a value that cannot be sent are errors of the future, too.
  Future<void> send(RouterMessage message) {
    try {
      return _enqueue(message).delivered;
    } on Error catch (error, stack) {
      return Future.error(error, stack);
    }
  }

  Future<Map<String, dynamic>> request(
    String targetId,
    Map<String, dynamic> payload,
    Duration timeout,
  ) {
    final requestId = _requests.newId();
    final message = RouterMessage.request(
      targetId: targetId,
      payload: payload,
      requestId: requestId,
      timeoutMs: timeout.inMilliseconds,
    );
    try {
      return _requests.add(requestId, _enqueue(message), timeout);
    } on Error catch (error, stack) {
      return Future.error(error, stack);
    }
  }

  Future<void> updateGroups(List<String> join, List<String> leave) => _change(
    RouterMessageType.updateGroups,
    {if (join.isNotEmpty) 'join': join, if (leave.isNotEmpty) 'leave': leave},
    (profile) => (
      groups: {...profile.groups, ...join}..removeAll(leave),
      metadata: profile.metadata,
    ),
  );

  Future<void> updateMetadata(Map<String, dynamic> metadata) => _change(
    RouterMessageType.updateMetadata,
    {'metadata': metadata},
    (profile) => (groups: profile.groups, metadata: metadata),
  );

  /// The id in the message lets the router name it when it refuses.
  Future<void> _change(
    RouterMessageType type,
    Map<String, dynamic> payload,
    Profile Function(Profile profile) apply,
  ) {
    try {
      final message = RouterMessage(
        type: type,
        payload: {...payload, 'messageId': _requests.newId()},
      );
      return _connection.setup.registration!.change(
        _enqueue(message),
        apply,
        isAcknowledged: () => _connection.session.isActive,
      );
    } on Error catch (error, stack) {
      return Future.error(error, stack);
    }
  }

  void requireP2P() {
    if (!_connection.setup.wantsP2P) throw StateError('call initializeP2P() first');
  }

  OutboxEntry _enqueue(RouterMessage message) {
    requireP2P();
    final whole = message.withDefaults(
      senderId: _connection.setup.clientId!,
      timestamp: DateTime.now().millisecondsSinceEpoch,
    );
    final messageId = message.payload?['messageId'];
    final entry = OutboxEntry(
      encodeCbor(whole.toMap()),
      messageId: messageId is String ? messageId : null,
    );
    entry.delivered.then<void>(
      (_) {},
      onError: (Object error) {
        if (error is RouterException) onFailed(error);
      },
    );
    try {
      _connection.send(entry);
    } on RouterException catch (error) {
      entry.fail(error);
    }
    return entry;
  }
}
