import '../errors.dart';
import 'outbox.dart';

/// What became of the session at a registration.
enum SessionOutcome {
  /// The router keeps no sessions.
  none,

  /// A new one began, and there was none before.
  started,

  /// The old one goes on.
  resumed,

  /// There was one, and it is over.
  lost,
}

/// The client's half of a session: its token, and how many messages it has received in it.
final class Session {
  Session(this.outbox);

  final Outbox outbox;
  String? _token;
  int _received = 0;
  int _lost = 0;

  /// Null without a session. A bearer secret: it suffices to take the session over.
  String? get token => _token;
  bool get isActive => _token != null;

  /// Messages received in this session, heartbeats not counted.
  int get received => _received;

  /// Messages that the router could not keep, reported by the last [apply].
  int get lost => _lost;

  /// Counts one message of the p2p stream that is no heartbeat.
  void countReceived() => _received++;

  /// The key `session` of a `register` request.
  Map<String, dynamic> toRequest() => {
    if (_token case final token?) ...{'token': token, 'received': _received},
  };

  /// Takes the key `session` of the answer to `register`.
  SessionOutcome apply(Object? answer) {
    final hadSession = isActive;
    _lost = 0;
    if (answer is! Map<String, dynamic> || answer['token'] is! String) {
      _reset(null);
      return hadSession ? SessionOutcome.lost : SessionOutcome.none;
    }
    final token = answer['token'] as String;
    if (!hadSession || answer['resumed'] != true) {
      _reset(token);
      return hadSession ? SessionOutcome.lost : SessionOutcome.started;
    }
    _token = token;
    // not counted as received: the router corrects its own count
    _lost = _count(answer, 'lost');
    outbox
      ..acknowledge(_count(answer, 'received'))
      ..rewind();
    return SessionOutcome.resumed;
  }

  /// Forgets the session.
  void end() => _reset(null);

  void _reset(String? token) {
    _token = token;
    _received = 0;
    outbox.startOver(
      const RouterException(
        RouterErrorCode.sessionLost,
        'the session ended before the router acknowledged the message: it may have arrived or not',
      ),
    );
  }

  int _count(Map<String, dynamic> answer, String key) => switch (answer[key]) {
    final int count when count >= 0 => count,
    null => 0,
    final other => throw RouterException(RouterErrorCode.protocol, 'session.$key: $other'),
  };
}
