import 'dart:convert';
import 'dart:typed_data';

import 'grpc_framing.dart';

/// One WebSocket message of the "flags" generation of rpc_dart: a stream id, flags, and either
/// metadata (JSON) or gRPC messages.
sealed class Envelope {
  const Envelope(this.streamId, {required this.endsStream});

  final int streamId;
  final bool endsStream;
}

final class MetadataEnvelope extends Envelope {
  const MetadataEnvelope(super.streamId, this.headers, {required super.endsStream});

  final Map<String, String> headers;
}

final class DataEnvelope extends Envelope {
  const DataEnvelope(super.streamId, this.body, {required super.endsStream});

  final Uint8List body;
}

const int _headerBytes = 5;
const int _endFlag = 1;
const int _metadataFlag = 2;

/// The message that opens a call of [methodPath].
Uint8List encodeCallHeaders(int streamId, String methodPath) {
  final headers = {
    ':method': 'POST',
    ':path': methodPath,
    ':scheme': 'http',
    ':authority': '',
    'content-type': 'application/grpc',
    'te': 'trailers',
  };
  return encodeMetadata(streamId, headers, methodPath: methodPath);
}

/// A metadata message; with [endsStream] these are trailers.
Uint8List encodeMetadata(
  int streamId,
  Map<String, String> headers, {
  String? methodPath,
  bool endsStream = false,
}) {
  final json = utf8.encode(
    jsonEncode({
      'headers': [
        for (final MapEntry(:key, :value) in headers.entries) {'name': key, 'value': value},
      ],
      if (methodPath != null) 'methodPath': methodPath,
    }),
  );
  final message = Uint8List(_headerBytes + json.length)..setAll(_headerBytes, json);
  _writeHeader(message, streamId, _metadataFlag | (endsStream ? _endFlag : 0));
  return message;
}

/// A data message with [body] as its single gRPC message, framed once.
Uint8List encodeData(int streamId, Uint8List body, {bool endsStream = false}) {
  const bodyAt = _headerBytes + grpcPrefixBytes;
  final message = Uint8List(bodyAt + body.length)..setAll(bodyAt, body);
  _writeHeader(message, streamId, endsStream ? _endFlag : 0);
  writeGrpcPrefix(ByteData.sublistView(message), _headerBytes, body.length);
  return message;
}

/// The message that ends this side of a stream.
Uint8List encodeHalfClose(int streamId) {
  final message = Uint8List(_headerBytes);
  _writeHeader(message, streamId, _endFlag);
  return message;
}

/// Null for a message that is too short to be one; a [FormatException] for malformed metadata.
Envelope? decodeEnvelope(Uint8List message) {
  if (message.length < _headerBytes) return null;
  final streamId = ByteData.sublistView(message).getUint32(0);
  final flags = message[4];
  final body = Uint8List.sublistView(message, _headerBytes);
  final endsStream = flags & _endFlag != 0;
  if (flags & _metadataFlag == 0) return DataEnvelope(streamId, body, endsStream: endsStream);
  return MetadataEnvelope(streamId, _decodeHeaders(body), endsStream: endsStream);
}

void _writeHeader(Uint8List message, int streamId, int flags) {
  ByteData.sublistView(message).setUint32(0, streamId);
  message[4] = flags;
}

Map<String, String> _decodeHeaders(Uint8List body) {
  final json = jsonDecode(utf8.decode(body));
  if (json case {'headers': final List<dynamic> headers}) {
    return {
      for (final header in headers)
        if (header case {'name': final String name, 'value': final String value})
          name.toLowerCase(): value,
    };
  }
  throw const FormatException('metadata without headers');
}
