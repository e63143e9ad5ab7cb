import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

/// The cases that the clients for all languages share, of the repository; `CONFORMANCE_FILE` names
/// them elsewhere.
final Map<String, dynamic> conformance =
    jsonDecode(File(_path).readAsStringSync()) as Map<String, dynamic>;

final String _path =
    Platform.environment['CONFORMANCE_FILE'] ??
    Platform.script.resolve('../../../test/fixtures/client-conformance.json').toFilePath();

List<Map<String, dynamic>> casesOf(String key) =>
    (conformance[key] as List<dynamic>).cast<Map<String, dynamic>>();

Uint8List bytesOf(Object? hex) {
  final text = hex as String;
  return Uint8List.fromList([
    for (var i = 0; i < text.length; i += 2) int.parse(text.substring(i, i + 2), radix: 16),
  ]);
}

String hexOf(Uint8List bytes) =>
    bytes.map((byte) => byte.toRadixString(16).padLeft(2, '0')).join();

/// The value that a case describes.
Object? valueOf(Object? description) => switch (description) {
  {'int': final String digits} => int.tryParse(digits) ?? BigInt.parse(digits),
  {'float': final String text} => double.parse(text),
  {'bytes': final String hex} => bytesOf(hex),
  {'list': final List<dynamic> items} => [for (final item in items) valueOf(item)],
  {'map': final List<dynamic> pairs} => <String, dynamic>{
    for (final pair in pairs.cast<List<dynamic>>()) pair[0] as String: valueOf(pair[1]),
  },
  _ => description,
};

/// The code of [error] in a case.
String codeOf(Object error) => error is RouterException ? error.code : '$error';
