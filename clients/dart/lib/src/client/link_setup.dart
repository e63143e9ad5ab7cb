import 'dart:async';

import '../cbor/cbor_reader.dart';
import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../model/router_event.dart';
import '../model/router_message.dart';
import '../session/session.dart';
import 'connection_listener.dart';
import 'link.dart';
import 'options.dart';
import 'p2p_stream.dart';
import 'registration.dart';

/// Sets up on a connection what the application asked for: a registration, p2p, events.
final class LinkSetup {
  LinkSetup(this._options, this._session, this._listener);

  final RouterClientOptions _options;
  final Session _session;
  final ConnectionListener _listener;

  Registration? registration;
  bool wantsP2P = false;
  bool wantsHeartbeats = true;
  bool wantsEvents = false;
  String? clientId;

  /// Set when the router ended the last stream because of a message that is too large.
  RouterException? _tooLarge;

  /// Does what is wanted and missing. Returns what became of the session when it registered.
  Future<SessionOutcome?> run(Link link) async {
    SessionOutcome? outcome;
    await link.inOrder(() async {
      final registration = this.registration;
      if (registration != null && !link.isRegistered) outcome = await _register(link, registration);
      if (wantsP2P && link.isRegistered && link.p2p == null) await _bind(link);
      if (wantsHeartbeats) link.p2p?.startHeartbeats();
      if (wantsEvents && link.events == null) _subscribe(link);
    });
    return outcome;
  }

  Future<SessionOutcome> _register(Link link, Registration registration) async {
    final request = registration.toRequest(
      token: await _token(),
      session: _options.session ? _session.toRequest() : null,
    );
    final answer = await link.call('register', request);
    if (answer['success'] != true) throw _refusal(answer);
    registration.accept();
    final id = answer['clientId'];
    if (id is! String) throw const RouterException(RouterErrorCode.protocol, 'no clientId');
    clientId = id;
    final outcome = _session.apply(answer['session']);
    link.isRegistered = true;
    _afterRegistration(outcome);
    return outcome;
  }

  void _afterRegistration(SessionOutcome outcome) {
    final tooLarge = _tooLarge;
    _tooLarge = null;
    if (outcome == SessionOutcome.resumed && tooLarge != null) {
      _session.outbox.suspectTooLarge(tooLarge);
    }
    if (outcome == SessionOutcome.lost) _listener.onRequestsLost(_sessionLost);
    _options.log?.call('registered as $clientId, session ${outcome.name}');
  }

  Future<String?> _token() async {
    final provider = _options.tokenProvider;
    if (provider == null) return _options.token;
    try {
      return await provider();
    } on Object catch (error) {
      throw RouterException(RouterErrorCode.unreachable, 'tokenProvider failed: $error');
    }
  }

  Future<void> _bind(Link link) async {
    final p2p = P2PStream(
      channel: link.channel,
      session: _session,
      clientId: clientId!,
      options: _options,
      onMessage: _onMessage,
      onTooLarge: (error) => _tooLarge = error,
      onUndecodable: (error) => _reportUnreadable('a message', error),
    );
    link.p2p = p2p;
    try {
      await p2p.bind();
    } on RouterException catch (error) {
      // another registration may help
      link.close(error);
      rethrow;
    }
    p2p.flush();
  }

  void _onMessage(RouterMessage message) {
    if (message.type == RouterMessageType.error) {
      final error = RouterException(
        message.errorCode ?? RouterErrorCode.remote,
        message.errorMessage ?? 'error without a text',
      );
      if (message.payload?['messageId'] case final String id) {
        registration?.refuse(id, error);
        _session.outbox.failMessage(id, error);
      }
    }
    _listener.onMessage(message);
  }

  void _subscribe(Link link) {
    final call = link.channel.open(
      'events',
      onMessage: (body) {
        try {
          _listener.onEvent(RouterEvent.fromMap(decodeCborMap(body)));
        } on FormatException catch (error) {
          _reportUnreadable('an event', error);
        }
      },
      onEnd: (_) => link.events = null,
    );
    call.send(encodeCbor(const {'v': null}), endsStream: true);
    link.events = call;
  }

  void _reportUnreadable(String what, FormatException error) => _listener.onProblem(
    RouterException(RouterErrorCode.malformed, '$what cannot be read: ${error.message}'),
  );
}

RouterException _refusal(Map<String, dynamic> answer) => RouterException(
  switch (answer) {
    {'code': final String code} || {'payload': {'code': final String code}} => code,
    _ => RouterErrorCode.refused,
  },
  switch (answer['errorMessage']) {
    final String text => text,
    _ => 'the registration was refused',
  },
);

const RouterException _sessionLost = RouterException(
  RouterErrorCode.sessionLost,
  'the session ended before the response',
);
