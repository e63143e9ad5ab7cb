import 'dart:typed_data';

import '../cbor/cbor_reader.dart';
import '../errors.dart';

/// What a [RouterMessage] is for.
enum RouterMessageType {
  unicast,
  multicast,
  broadcast,
  error,
  request,
  response,
  heartbeat,
  updateMetadata,

  /// Joins and leaves groups after `register`.
  updateGroups;

  static RouterMessageType parse(Object? name) =>
      RouterMessageType.values.asNameMap()[name] ??
      (throw FormatException('unknown message type: $name'));
}

/// A message of the p2p stream.
final class RouterMessage {
  const RouterMessage({
    required this.type,
    this.senderId,
    this.targetId,
    this.groupName,
    this.payload,
    this.timestamp,
    this.errorMessage,
    this.success,
  });

  /// To the one client [targetId].
  const RouterMessage.unicast({
    required String this.targetId,
    required Map<String, dynamic> this.payload,
    this.senderId,
    this.timestamp,
  }) : type = RouterMessageType.unicast,
       groupName = null,
       errorMessage = null,
       success = null;

  /// To the members of [groupName], without the sender.
  const RouterMessage.multicast({
    required String this.groupName,
    required Map<String, dynamic> this.payload,
    this.senderId,
    this.timestamp,
  }) : type = RouterMessageType.multicast,
       targetId = null,
       errorMessage = null,
       success = null;

  /// To every client but the sender.
  const RouterMessage.broadcast({
    required Map<String, dynamic> this.payload,
    this.senderId,
    this.timestamp,
  }) : type = RouterMessageType.broadcast,
       targetId = null,
       groupName = null,
       errorMessage = null,
       success = null;

  /// Shows the router that this client is alive.
  const RouterMessage.heartbeat({this.senderId, this.payload, this.timestamp})
    : type = RouterMessageType.heartbeat,
      targetId = null,
      groupName = null,
      errorMessage = null,
      success = null;

  /// A question to [targetId]; [requestId] and [timeoutMs] are put into the payload.
  factory RouterMessage.request({
    required String targetId,
    required Map<String, dynamic> payload,
    required String requestId,
    int? timeoutMs,
    String? senderId,
    int? timestamp,
  }) => RouterMessage(
    type: RouterMessageType.request,
    senderId: senderId,
    targetId: targetId,
    timestamp: timestamp,
    payload: {...payload, 'requestId': requestId, if (timeoutMs != null) 'timeoutMs': timeoutMs},
  );

  /// The answer to a request; [requestId] is put into the payload.
  factory RouterMessage.response({
    required String targetId,
    required String requestId,
    Map<String, dynamic> payload = const {},
    bool success = true,
    String? errorMessage,
    String? senderId,
    int? timestamp,
  }) => RouterMessage(
    type: RouterMessageType.response,
    senderId: senderId,
    targetId: targetId,
    timestamp: timestamp,
    success: success,
    errorMessage: errorMessage,
    payload: {...payload, 'requestId': requestId},
  );

  /// Something went wrong.
  const RouterMessage.error({
    required String this.errorMessage,
    this.targetId,
    this.senderId,
    this.payload,
    this.timestamp,
  }) : type = RouterMessageType.error,
       groupName = null,
       success = false;

  /// Replaces the metadata of the sender.
  RouterMessage.updateMetadata({
    required Map<String, dynamic> metadata,
    this.senderId,
    this.timestamp,
  }) : type = RouterMessageType.updateMetadata,
       payload = {'metadata': metadata},
       targetId = null,
       groupName = null,
       errorMessage = null,
       success = null;

  /// Reads the body of a message; a [FormatException] when it is none.
  factory RouterMessage.decode(Uint8List body) => RouterMessage.fromMap(decodeCborMap(body));

  factory RouterMessage.fromMap(Map<String, dynamic> map) => RouterMessage(
    type: RouterMessageType.parse(map['type']),
    senderId: _read(map, 'senderId'),
    targetId: _read(map, 'targetId'),
    groupName: _read(map, 'groupName'),
    payload: _read(map, 'payload'),
    timestamp: _readTimestamp(map['timestamp']),
    errorMessage: _read(map, 'errorMessage'),
    success: _read(map, 'success'),
  );

  final RouterMessageType type;

  /// Set by the router: a sender cannot give another id than its own.
  final String? senderId;
  final String? targetId;
  final String? groupName;
  final Map<String, dynamic>? payload;

  /// Milliseconds since the epoch, by the clock of the sender.
  final int? timestamp;
  final String? errorMessage;
  final bool? success;

  /// `payload['requestId']` of a request or a response.
  String? get requestId => switch (payload?['requestId']) {
    final String id => id,
    _ => null,
  };

  /// `payload['code']` of an error or a failed response, see `RouterErrorCode`. Routers before 3.1 give
  /// none: the code is taken from their texts.
  String? get errorCode => switch (payload?['code']) {
    final String code => code,
    _ when _isOfRouter && errorMessage == 'Request timeout' => RouterErrorCode.timeout,
    _ when _isOfRouter && _notFound.hasMatch(errorMessage ?? '') => RouterErrorCode.notFound,
    _ => null,
  };

  bool get _isOfRouter => senderId == null || senderId == 'router';

  /// The map that goes over the wire; fields that are null are left out.
  Map<String, dynamic> toMap() => {
    'type': type.name,
    if (senderId != null) 'senderId': senderId,
    if (targetId != null) 'targetId': targetId,
    if (groupName != null) 'groupName': groupName,
    if (payload != null) 'payload': payload,
    if (timestamp != null) 'timestamp': timestamp,
    if (errorMessage != null) 'errorMessage': errorMessage,
    if (success != null) 'success': success,
  };

  /// This message with a sender and a time, where it has none.
  RouterMessage withDefaults({required String senderId, required int timestamp}) => RouterMessage(
    type: type,
    senderId: this.senderId ?? senderId,
    targetId: targetId,
    groupName: groupName,
    payload: payload,
    timestamp: this.timestamp ?? timestamp,
    errorMessage: errorMessage,
    success: success,
  );

  @override
  String toString() => 'RouterMessage(${toMap()})';
}

final RegExp _notFound = RegExp(r'^Клиент .* не найден или отключен$', dotAll: true);

/// Clients in other languages may send a float.
int? _readTimestamp(Object? value) => value is num && value.isFinite ? value.toInt() : null;

T? _read<T>(Map<String, dynamic> map, String key) {
  final value = map[key];
  if (value is T?) return value;
  throw FormatException('$key: expected $T, got ${value.runtimeType}');
}
