import 'dart:async';

import '../errors.dart';
import '../session/outbox.dart';

/// The part of a registration that can change.
typedef Profile = ({Set<String> groups, Map<String, dynamic>? metadata});

/// What `register` was called with, and the changes since.
///
/// A change is part of each further registration, unless the router has refused it: a registration with
/// it would be refused, too.
final class Registration {
  Registration({
    this.clientName,
    Iterable<String> groups = const [],
    Map<String, dynamic>? metadata,
  }) : _accepted = (groups: {...groups}, metadata: metadata);

  /// Without acknowledgements, older changes than these count as accepted.
  static const int _maxChanges = 64;

  final String? clientName;
  Profile _accepted;

  /// In the order in which they were made.
  final List<_Change> _changes = [];

  /// The changes that are part of the registration that is being made.
  List<_Change> _offered = const [];

  Profile get current =>
      _changes.fold(_accepted, (profile, change) => change.apply(profile));

  /// A request with the profile of now.
  Map<String, dynamic> toRequest({required String? token, Map<String, dynamic>? session}) {
    _offered = [..._changes];
    final (:groups, :metadata) = current;
    return {
      if (clientName != null) 'clientName': clientName,
      'groups': [...groups],
      if (metadata != null || token != null)
        'metadata': {...?metadata, if (token != null) 'token': token},
      if (session != null) 'session': session,
    };
  }

  /// The router has accepted the last request.
  void accept() {
    if (_offered.isNotEmpty) _acceptUpTo(_offered.last);
    _offered = const [];
  }

  /// Makes a change that [entry] takes to the router. Completes when the router has accepted it
  /// ([isAcknowledged] false: when it is written).
  Future<void> change(
    OutboxEntry entry,
    Profile Function(Profile profile) apply, {
    required bool Function() isAcknowledged,
  }) {
    final change = _Change(entry.messageId, apply);
    _changes.add(change);
    if (_changes.length > _maxChanges) _acceptUpTo(_changes.first);
    entry.delivered.then<void>(
      (_) => isAcknowledged() ? _acceptUpTo(change) : change.complete(),
      onError: (Object error, StackTrace stack) => _takeBack(change, error, stack),
    );
    return change.done.future;
  }

  /// The router has refused the change that it names by [messageId].
  void refuse(String messageId, RouterException error) {
    for (final change in _changes.where((change) => change.messageId == messageId).toList()) {
      _takeBack(change, error, StackTrace.current);
    }
  }

  /// Takes back the changes that are not accepted; false when there are none.
  bool revert(RouterException error) {
    final reverted = [..._changes];
    for (final change in reverted) {
      _takeBack(change, error, StackTrace.current);
    }
    return reverted.isNotEmpty;
  }

  void _takeBack(_Change change, Object error, StackTrace stack) {
    if (!_changes.remove(change)) return;
    if (!change.done.isCompleted) change.done.completeError(error, stack);
  }

  void _acceptUpTo(_Change last) {
    if (!_changes.contains(last)) return;
    _Change change;
    do {
      change = _changes.removeAt(0);
      _accepted = change.apply(_accepted);
      change.complete();
    } while (change != last);
  }
}

final class _Change {
  _Change(this.messageId, this.apply);

  final String? messageId;
  final Profile Function(Profile profile) apply;
  final Completer<void> done = Completer();

  void complete() {
    if (!done.isCompleted) done.complete();
  }
}
