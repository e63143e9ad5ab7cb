/// Codes of [RouterException] that this client or the router makes. The router may have more.
abstract final class RouterErrorCode {
  /// No client has this id, or it has been removed.
  static const notFound = 'not-found';

  /// No answer in time.
  static const timeout = 'timeout';
  static const tooLarge = 'too-large';
  static const forbidden = 'forbidden';
  static const unauthenticated = 'unauthenticated';
  static const rateLimited = 'rate-limited';
  static const malformed = 'malformed';
  static const missingField = 'missing-field';
  static const overloaded = 'overloaded';
  static const shuttingDown = 'shutting-down';
  static const unimplemented = 'unimplemented';

  /// The router cannot be reached, or the connection was lost.
  static const unreachable = 'unreachable';

  /// The router does not know this client (any more).
  static const notRegistered = 'not-registered';

  /// The registration was refused, and the router gave no code.
  static const refused = 'refused';

  /// More unacknowledged messages than `bufferBytes` holds.
  static const bufferFull = 'buffer-full';

  /// The session ended while the message was on its way: it may have arrived or not.
  static const sessionLost = 'session-lost';

  /// Another connection took over this session.
  static const replaced = 'replaced';

  /// The client was closed.
  static const closed = 'closed';

  /// The other client answered a request with an error.
  static const remote = 'remote';

  /// Something arrived that the protocol does not allow.
  static const protocol = 'protocol';
  static const internal = 'internal';
}

/// What went wrong, with a [code] to decide by and a [message] to show.
final class RouterException implements Exception {
  const RouterException(this.code, this.message);

  /// One of [RouterErrorCode], or another one of the router.
  final String code;
  final String message;

  /// The exception for a gRPC status other than 0.
  factory RouterException.ofStatus(int status, String message) {
    final code = _codeOfStatus[status] ?? RouterErrorCode.internal;
    return RouterException(code, message.isEmpty ? 'gRPC status $status' : message);
  }

  @override
  String toString() => 'RouterException($code): $message';
}

const Map<int, String> _codeOfStatus = {
  3: RouterErrorCode.malformed,
  4: RouterErrorCode.timeout,
  5: RouterErrorCode.notFound,
  7: RouterErrorCode.forbidden,
  8: RouterErrorCode.overloaded,
  10: RouterErrorCode.replaced,
  12: RouterErrorCode.unimplemented,
  14: RouterErrorCode.unreachable,
  16: RouterErrorCode.unauthenticated,
};
