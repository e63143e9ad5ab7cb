import 'dart:typed_data';

/// Bytes in front of every gRPC message: a flag and the length.
const int grpcPrefixBytes = 5;

/// The CBOR bodies in [data], the body of one WebSocket message.
///
/// Each gRPC message is framed once, or twice as rpc_dart of 2025 does. A CBOR map never begins with
/// a zero byte, so the two cannot be confused. A message that ends in another WebSocket message is a
/// [FormatException]: the protocol does not allow it.
List<Uint8List> splitGrpcMessages(Uint8List data) {
  final bodies = <Uint8List>[];
  for (final body in _split(data)) {
    _isFramedAgain(body) ? bodies.addAll(_split(body)) : bodies.add(body);
  }
  return bodies;
}

/// Writes the prefix of a message of [bodyLength] bytes into [view] at [offset].
void writeGrpcPrefix(ByteData view, int offset, int bodyLength) {
  view.setUint8(offset, 0);
  view.setUint32(offset + 1, bodyLength);
}

/// Several inner messages may be in one outer one, so it is enough that the first one fits.
bool _isFramedAgain(Uint8List body) {
  if (body.length < grpcPrefixBytes || body[0] != 0) return false;
  final length = ByteData.sublistView(body).getUint32(1);
  return length <= body.length - grpcPrefixBytes;
}

Iterable<Uint8List> _split(Uint8List data) sync* {
  final view = ByteData.sublistView(data);
  for (var at = 0; at < data.length;) {
    if (data.length - at < grpcPrefixBytes) throw const FormatException('gRPC: cut prefix');
    if (data[at] != 0) throw FormatException('gRPC: unexpected flag ${data[at]}', null, at);
    final start = at + grpcPrefixBytes;
    final length = view.getUint32(at + 1);
    if (length > data.length - start) throw const FormatException('gRPC: cut message');
    yield Uint8List.sublistView(data, start, start + length);
    at = start + length;
  }
}
