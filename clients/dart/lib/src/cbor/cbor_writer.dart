import 'dart:convert';
import 'dart:typed_data';

import 'cbor_double.dart';
import 'numbers.dart';

/// How deep maps and lists may be nested; the router allows the same.
const int maxCborDepth = 128;

/// Encodes [value] as CBOR the way rpc_dart does: shortest integers, float64 only, definite lengths
/// and map keys sorted bytewise.
///
/// Allowed are `null`, `bool`, `int`, `double`, [CborDouble], `BigInt` in the range of int64,
/// `String`, `Uint8List` (bytes), other lists, and maps with `String` keys. Anything else is an
/// [ArgumentError] that names the place of the value.
Uint8List encodeCbor(Object? value) => (CborWriter()..write(value)).takeBytes();

/// A growing buffer of CBOR.
final class CborWriter {
  Uint8List _bytes = Uint8List(256);
  late ByteData _view = ByteData.sublistView(_bytes);
  int _length = 0;
  final List<Object> _path = [];

  /// The bytes written so far, without a copy. The writer must not be used afterwards.
  Uint8List takeBytes() => Uint8List.sublistView(_bytes, 0, _length);

  void write(Object? value) {
    switch (value) {
      case null:
        _writeByte(0xf6);
      case bool():
        _writeByte(value ? 0xf5 : 0xf4);
      case int():
        isFloatDespiteType(value) ? _writeFloat(value.toDouble()) : _writeInteger(value);
      case double():
        _writeFloat(value);
      case CborDouble():
        _writeFloat(value.value);
      case BigInt():
        _writeBigInt(value);
      case String():
        _writeText(value);
      case Uint8List():
        _writeHead(2, value.length);
        _writeAll(value);
      case List<Object?>():
        _writeList(value);
      case Map<Object?, Object?>():
        _writeMap(value);
      case DateTime():
        throw _refuse(value, 'send millisecondsSinceEpoch or toIso8601String() instead');
      default:
        throw _refuse(value, 'send numbers, text, Uint8List, lists and maps');
    }
  }

  void _writeInteger(int value) {
    value < 0 ? _writeHead(1, -1 - value) : _writeHead(0, value);
  }

  void _writeBigInt(BigInt value) {
    if (value < minInt64 || value > maxInt64) throw _refuse(value, 'it does not fit into 64 bits');
    final magnitude = value.isNegative ? -BigInt.one - value : value;
    final major = value.isNegative ? 1 : 0;
    final high = (magnitude >> 32).toInt();
    final low = magnitude.toUnsigned(32).toInt();
    high == 0 ? _writeHead(major, low) : _writeLongHead(major, high, low);
  }

  void _writeFloat(double value) {
    _reserve(9);
    _bytes[_length] = 0xfb;
    if (value.isNaN) {
      // one NaN on every platform
      _view.setUint32(_length + 1, 0x7ff80000);
      _view.setUint32(_length + 5, 0);
    } else {
      _view.setFloat64(_length + 1, value);
    }
    _length += 9;
  }

  void _writeText(String text) {
    final bytes = utf8.encode(text);
    _writeHead(3, bytes.length);
    _writeAll(bytes);
  }

  void _writeList(List<Object?> list) {
    _writeHead(4, list.length);
    for (var i = 0; i < list.length; i++) {
      _enter(i);
      write(list[i]);
      _path.removeLast();
    }
  }

  void _writeMap(Map<Object?, Object?> map) {
    final keys = <String>[];
    for (final key in map.keys) {
      if (key is! String) throw _refuse(key, 'the key of a map must be a String');
      keys.add(key);
    }
    keys.sort(_compareAsUtf8);
    _writeHead(5, keys.length);
    for (final key in keys) {
      _writeText(key);
      _enter(key);
      write(map[key]);
      _path.removeLast();
    }
  }

  void _enter(Object step) {
    _path.add(step);
    if (_path.length > maxCborDepth) {
      throw ArgumentError('cannot send maps and lists nested deeper than $maxCborDepth');
    }
  }

  /// [argument] is not negative.
  void _writeHead(int major, int argument) {
    _reserve(9);
    final type = major << 5;
    if (argument < 24) {
      _bytes[_length++] = type | argument;
    } else if (argument < 0x100) {
      _bytes[_length] = type | 24;
      _bytes[_length + 1] = argument;
      _length += 2;
    } else if (argument < 0x10000) {
      _bytes[_length] = type | 25;
      _view.setUint16(_length + 1, argument);
      _length += 3;
    } else if (argument < twoPow32) {
      _bytes[_length] = type | 26;
      _view.setUint32(_length + 1, argument);
      _length += 5;
    } else {
      _writeLongHead(major, argument ~/ twoPow32, argument % twoPow32);
    }
  }

  void _writeLongHead(int major, int high, int low) {
    _reserve(9);
    _bytes[_length] = major << 5 | 27;
    _view.setUint32(_length + 1, high);
    _view.setUint32(_length + 5, low);
    _length += 9;
  }

  void _writeByte(int byte) {
    _reserve(1);
    _bytes[_length++] = byte;
  }

  void _writeAll(Uint8List bytes) {
    _reserve(bytes.length);
    _bytes.setAll(_length, bytes);
    _length += bytes.length;
  }

  void _reserve(int count) {
    final needed = _length + count;
    if (needed <= _bytes.length) return;
    var size = _bytes.length * 2;
    while (size < needed) {
      size *= 2;
    }
    _bytes = Uint8List(size)..setAll(0, Uint8List.sublistView(_bytes, 0, _length));
    _view = ByteData.sublistView(_bytes);
  }

  ArgumentError _refuse(Object? value, String hint) {
    final place = _path.isEmpty ? '' : ' at ${_path.join('.')}';
    return ArgumentError('cannot send a ${value.runtimeType}$place: $hint');
  }
}

/// The order of the UTF-8 bytes of two texts, without encoding them.
///
/// UTF-16 code units sort the same, except that surrogates (for code points above U+FFFF) come
/// before U+E000..U+FFFF.
int _compareAsUtf8(String a, String b) {
  final length = a.length < b.length ? a.length : b.length;
  for (var i = 0; i < length; i++) {
    final x = a.codeUnitAt(i);
    final y = b.codeUnitAt(i);
    if (x != y) return _sortKey(x) - _sortKey(y);
  }
  return a.length - b.length;
}

int _sortKey(int unit) {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
