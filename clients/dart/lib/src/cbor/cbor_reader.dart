import 'dart:convert';
import 'dart:typed_data';

import 'cbor_writer.dart' show maxCborDepth;
import 'numbers.dart';

/// Decodes one CBOR value that takes up all of [bytes]; a [FormatException] when it does not.
///
/// Maps become `Map<String, dynamic>`, lists `List<dynamic>`, byte strings `Uint8List`. Integers that
/// an `int` of the platform does not hold become `BigInt`: beyond int64 on the VM, beyond 2^53 where
/// integers are JavaScript numbers.
Object? decodeCbor(Uint8List bytes) {
  final reader = CborReader(bytes);
  final value = reader.read();
  if (!reader.isAtEnd) throw FormatException('CBOR: bytes after the value', null, reader.offset);
  return value;
}

/// Decodes a CBOR map, the body of every message of the router.
Map<String, dynamic> decodeCborMap(Uint8List bytes) {
  final value = decodeCbor(bytes);
  if (value is Map<String, dynamic>) return value;
  throw FormatException('CBOR: expected a map, got ${value.runtimeType}');
}

/// Marks the end of an array or a map of indefinite length.
const Object _breakMark = Object();

/// Reads CBOR values one after the other.
///
/// More is read than the router sends (half floats, strings in pieces, tags are skipped), because
/// payloads of other clients arrive as they were written.
final class CborReader {
  CborReader(this._bytes) : _view = ByteData.sublistView(_bytes);

  final Uint8List _bytes;
  final ByteData _view;
  int _offset = 0;
  int _depth = 0;

  int get offset => _offset;
  bool get isAtEnd => _offset == _bytes.length;

  Object? read() {
    final value = _readItem();
    if (identical(value, _breakMark)) throw _malformed('unexpected break');
    return value;
  }

  Object? _readItem() {
    final first = _view.getUint8(_take(1));
    final info = first & 0x1f;
    return switch (first >> 5) {
      0 => _readUnsigned(info),
      1 => _readNegative(info),
      2 => _readBytes(info),
      3 => _decodeText(_readBytes(info, 3)),
      4 => _nested(() => _readList(info)),
      5 => _nested(() => _readMap(info)),
      6 => _readTagged(info),
      _ => _readSimple(info),
    };
  }

  Object _readUnsigned(int info) {
    if (info != 27) return _readArgument(info);
    final (high, low) = _readTwoWords();
    return _fits(high) ? high * twoPow32 + low : (BigInt.from(high) << 32) + BigInt.from(low);
  }

  Object _readNegative(int info) {
    if (info != 27) return -1 - _readArgument(info);
    final (high, low) = _readTwoWords();
    if (_fits(high)) return -1 - (high * twoPow32 + low);
    return -BigInt.one - ((BigInt.from(high) << 32) + BigInt.from(low));
  }

  /// True when `high * 2^32 + low` is exact as an `int`, whatever `low` is.
  bool _fits(int high) => high < (integersAreJsNumbers ? 0x200000 : 0x80000000);

  (int, int) _readTwoWords() {
    final at = _take(8);
    return (_view.getUint32(at), _view.getUint32(at + 4));
  }

  int _readArgument(int info) {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return _view.getUint8(_take(1));
      case 25:
        return _view.getUint16(_take(2));
      case 26:
        return _view.getUint32(_take(4));
      case 27:
        final (high, low) = _readTwoWords();
        if (high != 0) throw _malformed('length beyond 4 GiB');
        return low;
      default:
        throw _malformed('reserved additional information $info');
    }
  }

  Uint8List _readBytes(int info, [int major = 2]) {
    if (info != 31) {
      final length = _readArgument(info);
      final start = _take(length);
      return Uint8List.fromList(Uint8List.sublistView(_bytes, start, start + length));
    }
    final pieces = BytesBuilder(copy: false);
    for (var first = _bytes[_take(1)]; first != 0xff; first = _bytes[_take(1)]) {
      if (first >> 5 != major || first & 0x1f == 31) throw _malformed('wrong piece of a string');
      pieces.add(_readBytes(first & 0x1f, major));
    }
    return pieces.takeBytes();
  }

  List<dynamic> _readList(int info) {
    final list = <dynamic>[];
    if (info == 31) {
      for (var item = _readItem(); !identical(item, _breakMark); item = _readItem()) {
        list.add(item);
      }
      return list;
    }
    for (var left = _readCount(info, 1); left > 0; left--) {
      list.add(read());
    }
    return list;
  }

  Map<String, dynamic> _readMap(int info) {
    final map = <String, dynamic>{};
    if (info == 31) {
      for (var key = _readItem(); !identical(key, _breakMark); key = _readItem()) {
        map[_asKey(key)] = read();
      }
      return map;
    }
    for (var left = _readCount(info, 2); left > 0; left--) {
      final key = _asKey(read());
      map[key] = read();
    }
    return map;
  }

  /// Other clients may use integers as keys; Dart programs read maps by text.
  String _asKey(Object? key) => key is String ? key : '$key';

  int _readCount(int info, int bytesPerEntry) {
    final count = _readArgument(info);
    if (count * bytesPerEntry > _bytes.length - _offset) throw _malformed('more entries than bytes');
    return count;
  }

  Object? _readTagged(int info) {
    info == 27 ? _readTwoWords() : _readArgument(info);
    return _nested(read);
  }

  Object? _readSimple(int info) {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 24:
        _take(1);
        return null;
      case 25:
        return _halfToDouble(_view.getUint16(_take(2)));
      case 26:
        return _view.getFloat32(_take(4));
      case 27:
        return _view.getFloat64(_take(8));
      case 31:
        return _breakMark;
      case 28 || 29 || 30:
        throw _malformed('reserved additional information $info');
      default:
        return null;
    }
  }

  T _nested<T>(T Function() read) {
    if (++_depth > maxCborDepth) throw _malformed('nested deeper than $maxCborDepth');
    final value = read();
    _depth--;
    return value;
  }

  /// Moves past [count] bytes; returns where they begin.
  int _take(int count) {
    final start = _offset;
    if (count > _bytes.length - start) throw _malformed('ends in the middle of a value');
    _offset = start + count;
    return start;
  }

  FormatException _malformed(String what) => FormatException('CBOR: $what', null, _offset);
}

/// `utf8.decode` drops a byte order mark at the beginning, which is a character of the text here.
String _decodeText(Uint8List bytes) {
  final text = utf8.decode(bytes);
  final hasMark = bytes.length >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf;
  return hasMark && !text.startsWith('\ufeff') ? '\ufeff$text' : text;
}

double _halfToDouble(int half) {
  final exponent = (half >> 10) & 0x1f;
  final fraction = half & 0x3ff;
  final sign = half & 0x8000 == 0 ? 1.0 : -1.0;
  if (exponent == 0) return sign * fraction / 16777216;
  if (exponent == 31) return fraction == 0 ? sign * double.infinity : double.nan;
  final scale = exponent >= 15 ? (1 << (exponent - 15)).toDouble() : 1 / (1 << (15 - exponent));
  return sign * (1 + fraction / 1024) * scale;
}
