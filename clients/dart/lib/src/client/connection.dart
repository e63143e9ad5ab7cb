import 'dart:async';
import 'dart:math';

import '../errors.dart';
import '../model/router_state.dart';
import '../session/outbox.dart';
import '../session/session.dart';
import '../transport/connect_socket.dart' as platform;
import 'connection_listener.dart';
import 'link.dart';
import 'link_setup.dart';
import 'options.dart';

/// Keeps the client connected: makes a connection, registers, binds p2p and subscribes to events on it,
/// and does the same again when it is lost.
final class RouterConnection {
  RouterConnection(this._url, this._options, this._listener)
    : outbox = Outbox(_options.bufferBytes) {
    session = Session(outbox);
    setup = LinkSetup(_options, session, _listener);
  }

  final Uri _url;
  final RouterClientOptions _options;
  final ConnectionListener _listener;
  final Outbox outbox;
  late final Session session;
  final Random _random = Random();

  /// What the application asked for.
  late final LinkSetup setup;
  RouterState state = const RouterState(RouterClientStatus.closed);

  Link? _link;
  Completer<Link> _connected = Completer();
  Completer<void>? _pause;
  bool _isRunning = false;
  bool _wasOnline = false;
  bool _isClosed = false;
  bool _isHurried = false;
  void Function()? _stopWatchingNetwork;

  bool get isClosed => _isClosed;

  /// Sets up what is wanted and missing, connecting first if necessary.
  Future<void> establish() async {
    while (true) {
      final link = await connected();
      try {
        await setup.run(link);
        return;
      } on RouterException catch (error) {
        if (link.isAlive || error.code != RouterErrorCode.unreachable) rethrow;
      }
    }
  }

  /// The live connection, as soon as there is one.
  Future<Link> connected() {
    if (_isClosed) return Future.error(_closedError);
    if (!_isRunning) unawaited(_run());
    final link = _link;
    return link == null ? _connected.future : Future.value(link);
  }

  /// Puts a message into the outbox and writes it if the client is online.
  void send(OutboxEntry entry) {
    if (_isClosed || !_isRunning) throw state.reason ?? _closedError;
    outbox.add(entry);
    _link?.p2p?.flush();
  }

  void sendHeartbeat() => _link?.p2p?.sendHeartbeat();

  /// Makes the next attempt at once; looks after a connection that seems alive.
  void reconnectNow() {
    _endPause();
    _link?.p2p?.probe();
  }

  void _endPause() {
    final pause = _pause;
    if (pause != null && !pause.isCompleted) pause.complete();
  }

  /// Registers again, with the current registration of [setup].
  void restart() {
    final link = _link;
    if (link == null) return;
    _isHurried = true;
    link.close(const RouterException(RouterErrorCode.unreachable, 'registering again'));
    _forgetLink();
  }

  /// Ends the session and the connection, after the router has acknowledged what was sent, or
  /// `closeTimeout`.
  Future<void> close() async {
    if (_isClosed) return;
    _isClosed = true;
    final p2p = _link?.p2p;
    if (p2p != null && session.isActive && !outbox.isEmpty) {
      p2p.sendHeartbeat();
      await outbox.whenAtMost(0).timeout(_options.closeTimeout, onTimeout: () {});
    }
    _link?.p2p?.end();
    _link?.close(_closedError);
    _stop(_closedError);
    _endPause();
  }

  Future<void> _run() async {
    _isRunning = true;
    _stopWatchingNetwork = platform.onNetworkBack(reconnectNow);
    _changeState(const RouterState(RouterClientStatus.connecting));
    for (var failures = 0; !_isClosed;) {
      final (reason, wasOnline) = await _useOneConnection();
      if (_isClosed) return;
      if (!session.isActive) _listener.onRequestsLost(reason);
      if (wasOnline) failures = 0;
      final delay = _delayAfter(reason, failures++);
      if (delay == null) return _stop(reason);
      final status = _wasOnline ? RouterClientStatus.away : RouterClientStatus.connecting;
      _changeState(RouterState(status, reason: reason, retryIn: delay));
      await _wait(delay);
    }
  }

  /// Connects and stays until the connection is lost. Returns why, and whether it came to be online.
  Future<(RouterException, bool)> _useOneConnection() async {
    Link? link;
    try {
      link = await _connect();
      final outcome = await setup.run(link);
      _becomeOnline(link, outcome);
      return (await link.lost, true);
    } on RouterException catch (error) {
      link?.close(error);
      return (error, false);
    } on Object catch (error, stack) {
      _options.log?.call('$error\n$stack');
      final reason = RouterException(RouterErrorCode.internal, '$error');
      link?.close(reason);
      return (reason, false);
    } finally {
      _forgetLink();
    }
  }

  void _forgetLink() {
    _link = null;
    if (_connected.isCompleted) _connected = Completer();
  }

  Duration? _delayAfter(RouterException reason, int failures) {
    if (_isHurried) {
      _isHurried = false;
      return Duration.zero;
    }
    final isFinal = !_takesBackChanges(reason) && _isFinal(reason);
    if (isFinal || !(_wasOnline || _options.waitForRouter)) return null;
    return _options.reconnect.delayBefore(failures, _random);
  }

  bool _isFinal(RouterException reason) =>
      _finalCodes.contains(reason.code) ||
      (reason.code == RouterErrorCode.unauthenticated && _options.tokenProvider == null);

  /// After a refused registration: whether another one can be made, without the changes since the last.
  bool _takesBackChanges(RouterException reason) =>
      reason.code == RouterErrorCode.refused && (setup.registration?.revert(reason) ?? false);

  Future<Link> _connect() async {
    final connect = _options.connector ?? platform.connectSocket;
    try {
      final socket = await connect(_url, _options.connectTimeout);
      final link = Link(socket, _options.callTimeout);
      if (_isClosed) link.close(_closedError);
      return link;
    } on Object catch (error) {
      throw RouterException(RouterErrorCode.unreachable, 'cannot connect to $_url: $error');
    }
  }

  void _becomeOnline(Link link, SessionOutcome? outcome) {
    if (!link.isAlive) return;
    _wasOnline = true;
    _link = link;
    _changeState(
      RouterState(
        RouterClientStatus.online,
        resumed: outcome == SessionOutcome.resumed,
        lostMessages: session.lost,
      ),
    );
    _connected.complete(link);
  }

  Future<void> _wait(Duration delay) async {
    final pause = _pause = Completer<void>();
    final timer = Timer(delay, _endPause);
    await pause.future;
    timer.cancel();
    _pause = null;
  }

  /// Gives up. A client that was not closed may be used again, and then begins with a registration.
  void _stop(RouterException reason) {
    _isRunning = false;
    _wasOnline = false;
    _stopWatchingNetwork?.call();
    session.end();
    outbox.failAll(reason);
    _listener.onRequestsLost(reason);
    final waiting = _connected;
    _connected = Completer();
    waiting.future.ignore();
    if (!waiting.isCompleted) waiting.completeError(reason);
    _changeState(RouterState(RouterClientStatus.closed, reason: reason));
  }

  void _changeState(RouterState next) {
    state = next;
    _options.log?.call('$next');
    _listener.onState(next);
  }
}

/// Codes after which another attempt would end the same way.
const Set<String> _finalCodes = {
  RouterErrorCode.replaced,
  RouterErrorCode.forbidden,
  RouterErrorCode.malformed,
  RouterErrorCode.missingField,
};

const RouterException _closedError = RouterException(
  RouterErrorCode.closed,
  'the client is closed',
);
