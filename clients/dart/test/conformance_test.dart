import 'dart:async';
import 'dart:typed_data';

import 'package:rpc_dart_router_client/src/cbor/cbor_reader.dart';
import 'package:rpc_dart_router_client/src/cbor/cbor_writer.dart';
import 'package:rpc_dart_router_client/src/errors.dart';
import 'package:rpc_dart_router_client/src/session/outbox.dart';
import 'package:rpc_dart_router_client/src/session/session.dart';
import 'package:rpc_dart_router_client/src/wire/envelope.dart';
import 'package:rpc_dart_router_client/src/wire/grpc_framing.dart';

import 'support/conformance.dart';
import 'support/harness.dart';

void main() {
  for (final key in ['values', 'messages']) {
    test('$key are encoded and decoded as described', () => casesOf(key).forEach(_checkValue));
  }
  test('values that do not fit are refused', () async {
    for (final entry in casesOf('refused')) {
      await expectThrows<ArgumentError>(() => encodeCbor(valueOf(entry['value'])));
    }
  });
  test('malformed CBOR is refused', () async {
    for (final entry in casesOf('malformed')) {
      try {
        final value = decodeCbor(bytesOf(entry['cbor']));
        throw TestFailure('${entry['name']}: decoded to $value');
      } on FormatException {
        // as it should be
      }
    }
  });
  test('envelopes', () => casesOf('envelopes').forEach(_checkEnvelope));
  test('malformed envelopes are refused', () async {
    for (final entry in casesOf('malformedEnvelopes')) {
      await expectThrows<FormatException>(() {
        final envelope = decodeEnvelope(bytesOf(entry['hex']));
        if (envelope is DataEnvelope) splitGrpcMessages(envelope.body);
      });
    }
  });
  for (final script in casesOf('sessions')) {
    test('session: ${script['name']}', () => _SessionScript().run(script['steps'] as List<dynamic>));
  }
  unawaited(runTests());
}

void _checkValue(Map<String, dynamic> entry) {
  final value = valueOf(entry['value']);
  final name = entry['name'] as String;
  expect(decodeCbor(bytesOf(entry['cbor'])), value, '$name, decoded');
  if (entry['decodeOnly'] == true) return;
  expect(hexOf(encodeCbor(value)), entry['cbor'], '$name, encoded');
}

void _checkEnvelope(Map<String, dynamic> entry) {
  final name = entry['name'] as String;
  final bytes = bytesOf(entry['hex']);
  final streamId = entry['streamId'] as int;
  final envelope = decodeEnvelope(bytes)!;
  expect(envelope.streamId, streamId, '$name: stream');
  switch (envelope) {
    case DataEnvelope(:final body):
      expect([for (final message in splitGrpcMessages(body)) hexOf(message)], entry['bodies'], name);
    case MetadataEnvelope(:final headers):
      expect(headers[':path'], entry['path'], '$name: path');
      if (entry['headers'] != null) expect(headers, entry['headers'], '$name: headers');
  }
  if (entry['decodeOnly'] == true) return;
  expect(hexOf(_encode(entry, streamId)), entry['hex'], '$name, encoded');
}

Uint8List _encode(Map<String, dynamic> entry, int streamId) {
  if (entry['kind'] == 'call') return encodeCallHeaders(streamId, entry['path'] as String);
  final bodies = entry['bodies'] as List<dynamic>;
  return bodies.isEmpty
      ? encodeHalfClose(streamId)
      : encodeData(streamId, bytesOf(bodies.single), endsStream: entry['endsStream'] as bool);
}

/// Runs the steps of a script against a session without a connection.
final class _SessionScript {
  final Outbox _outbox = Outbox(1 << 20);
  late final Session _session = Session(_outbox);
  bool _isConnected = false;
  final List<int> _written = [];
  final List<int> _done = [];
  final Map<String, List<int>> _failed = {};

  Future<void> run(List<dynamic> steps) async {
    for (final step in steps.cast<Map<String, dynamic>>()) {
      _written.clear();
      _done.clear();
      _failed.clear();
      String? error;
      try {
        _do(step);
      } on RouterException catch (exception) {
        error = exception.code;
      }
      await Future<void>.delayed(Duration.zero);
      expect(error, step['expectError'], '$step: error');
      expect(_written, step['expectWritten'] ?? <int>[], '$step: written');
      expect(_done, step['expectDone'] ?? <int>[], '$step: done');
      expect(_failed, step['expectFailed'] ?? <String, List<int>>{}, '$step: failed');
      if (step['expectLost'] != null) expect(_session.lost, step['expectLost'], '$step: lost');
    }
  }

  void _do(Map<String, dynamic> step) {
    if (step.containsKey('expectRequest')) {
      expect(_session.toRequest(), step['expectRequest'], '$step: request');
    }
    if (step.containsKey('answer')) _session.apply(step['answer']);
    if (step['connect'] == true) _isConnected = true;
    if (step['disconnect'] == true) _isConnected = false;
    for (final name in (step['send'] as List<dynamic>? ?? const []).cast<int>()) {
      _send(name);
    }
    for (var left = step['receive'] as int? ?? 0; left > 0; left--) {
      _session.countReceived();
    }
    if (step['acknowledge'] case final int count) _outbox.acknowledge(count);
    if (!_isConnected) return;
    _outbox.writeAll((body) => _written.add(body.single), keep: _session.isActive);
  }

  void _send(int name) {
    final entry = OutboxEntry(Uint8List.fromList([name]));
    entry.delivered.then(
      (_) => _done.add(name),
      onError: (Object error) => _failed.putIfAbsent(codeOf(error), () => []).add(name),
    );
    _outbox.add(entry);
  }
}
