import 'dart:async';
import 'dart:collection';
import 'dart:typed_data';

import '../errors.dart';

/// A message on its way to the router.
final class OutboxEntry {
  OutboxEntry(this.body, {this.messageId});

  final Uint8List body;

  /// `payload.messageId`, by which an `error` of the router names this message.
  final String? messageId;
  final Completer<void> _delivered = Completer<void>();
  bool _wasWritten = false;
  int _tooLargeCount = 0;

  /// Completes when the router has acknowledged the message (without a session: when it is written).
  Future<void> get delivered => _delivered.future;

  /// True when the message was given to a connection, so that the router may have it.
  bool get wasWritten => _wasWritten;

  bool get isDone => _delivered.isCompleted;

  void _complete() {
    if (!_delivered.isCompleted) _delivered.complete();
  }

  void fail(RouterException error) {
    if (!_delivered.isCompleted) _delivered.completeError(error);
  }
}

/// The messages that the router has not acknowledged, in order, at most [bufferBytes].
///
/// The messages of a session are numbered from 1 without a number being sent: both sides count.
final class Outbox {
  Outbox(this.bufferBytes);

  final int bufferBytes;
  final Queue<OutboxEntry> _unwritten = Queue();
  final Queue<OutboxEntry> _unacknowledged = Queue();
  final List<({int limit, Completer<void> completer})> _waiters = [];
  int _bufferedBytes = 0;
  int _acknowledged = 0;

  /// Bytes of the messages in here.
  int get bufferedBytes => _bufferedBytes;

  bool get isEmpty => _unwritten.isEmpty && _unacknowledged.isEmpty;

  /// How many messages of this session the router has acknowledged.
  int get acknowledged => _acknowledged;

  /// Takes a message in, or throws `buffer-full`. A single message of any size always has room.
  void add(OutboxEntry entry) {
    final total = _bufferedBytes + entry.body.length;
    if (total > bufferBytes && !isEmpty) {
      throw RouterException(
        RouterErrorCode.bufferFull,
        '$_bufferedBytes bytes are not acknowledged yet and ${entry.body.length} more exceed '
        'bufferBytes ($bufferBytes); await drain() before sending more',
      );
    }
    _bufferedBytes = total;
    _unwritten.add(entry);
  }

  /// Gives every message that this connection has not had to [write], in order. Without
  /// [keep] (no session) a message is done when it is written.
  void writeAll(void Function(Uint8List body) write, {required bool keep}) {
    while (_unwritten.isNotEmpty) {
      final entry = _unwritten.removeFirst();
      entry._wasWritten = true;
      if (keep) {
        _unacknowledged.add(entry);
      } else {
        _finish(entry);
      }
      write(entry.body);
    }
    _notifyWaiters();
  }

  /// The router has received [count] messages of this session.
  void acknowledge(int count) {
    if (count > _acknowledged + _unacknowledged.length) {
      throw RouterException(
        RouterErrorCode.protocol,
        'the router acknowledges $count messages, '
        '${_acknowledged + _unacknowledged.length} were sent',
      );
    }
    while (_acknowledged < count) {
      _acknowledged++;
      _finish(_unacknowledged.removeFirst());
    }
    _notifyWaiters();
  }

  /// A new connection of the same session: what is not acknowledged is to be written again.
  void rewind() {
    while (_unacknowledged.isNotEmpty) {
      _unwritten.addFirst(_unacknowledged.removeLast());
    }
  }

  /// A new session. Messages that were written may have arrived, so sending them again could deliver
  /// them twice: they fail with [error]. The others are kept.
  void startOver(RouterException error) {
    rewind();
    _acknowledged = 0;
    _failWhere((entry) => entry.wasWritten, error);
  }

  /// Fails everything.
  void failAll(RouterException error) => _failWhere((_) => true, error);

  /// Fails the send of the message with this id; the message keeps its number.
  void failMessage(String messageId, RouterException error) {
    for (final entry in _unacknowledged) {
      if (entry.messageId == messageId) entry.fail(error);
    }
  }

  /// Called when the router ended a stream because of a message that is too large, after [rewind].
  ///
  /// The first message that was not counted is the likely one. It could also be the one behind, so
  /// it is given up only when the same happens to it again, or when the router has named it.
  void suspectTooLarge(RouterException error) {
    if (_unwritten.isEmpty || !_unwritten.first.wasWritten) return;
    final entry = _unwritten.first;
    if (++entry._tooLargeCount < 2 && !entry.isDone) return;
    _unwritten.removeFirst();
    _bufferedBytes -= entry.body.length;
    entry.fail(error);
    _notifyWaiters();
  }

  /// Completes when at most [bytes] are buffered.
  Future<void> whenAtMost(int bytes) {
    if (_bufferedBytes <= bytes) return Future.value();
    final completer = Completer<void>();
    _waiters.add((limit: bytes, completer: completer));
    return completer.future;
  }

  void _failWhere(bool Function(OutboxEntry) test, RouterException error) {
    for (final queue in [_unacknowledged, _unwritten]) {
      final failed = queue.where(test).toList();
      queue.removeWhere(test);
      for (final entry in failed) {
        _bufferedBytes -= entry.body.length;
        entry.fail(error);
      }
    }
    _notifyWaiters();
  }

  void _finish(OutboxEntry entry) {
    _bufferedBytes -= entry.body.length;
    entry._complete();
  }

  void _notifyWaiters() {
    if (_waiters.isEmpty) return;
    final done = _waiters.where((waiter) => _bufferedBytes <= waiter.limit).toList();
    _waiters.removeWhere((waiter) => _bufferedBytes <= waiter.limit);
    for (final waiter in done) {
      waiter.completer.complete();
    }
  }
}
