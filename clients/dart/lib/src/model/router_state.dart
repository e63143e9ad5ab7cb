import '../errors.dart';

/// Whether the client is connected.
enum RouterClientStatus {
  /// The first connection is being made.
  connecting,

  /// Connected; what was asked for (registration, p2p, events) is in place.
  online,

  /// The connection is lost and will be made again; sends are kept.
  away,

  /// Not connected, and nothing is being done about it: before the first call, after the client was
  /// closed, or when going on makes no sense.
  closed,
}

/// A change of the connection.
final class RouterState {
  const RouterState(
    this.status, {
    this.reason,
    this.retryIn,
    this.resumed = false,
    this.lostMessages = 0,
  });

  final RouterClientStatus status;

  /// Why the client is [RouterClientStatus.away] or [RouterClientStatus.closed].
  final RouterException? reason;

  /// When the next attempt is made.
  final Duration? retryIn;

  /// True when the session went on: nothing is lost, unless [lostMessages] is not 0.
  final bool resumed;

  /// Messages to this client that the router could not keep while it was away.
  final int lostMessages;

  @override
  String toString() => [
    status.name,
    if (resumed) 'resumed',
    if (lostMessages > 0) 'lost $lostMessages messages',
    if (reason case RouterException(:final message)) message,
    if (retryIn != null) 'next attempt in ${retryIn!.inMilliseconds} ms',
  ].join(', ');
}
