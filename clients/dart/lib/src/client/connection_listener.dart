import '../errors.dart';
import '../model/router_event.dart';
import '../model/router_message.dart';
import '../model/router_state.dart';

/// What a connection reports to the client.
final class ConnectionListener {
  const ConnectionListener({
    required this.onMessage,
    required this.onEvent,
    required this.onState,
    required this.onProblem,
    required this.onRequestsLost,
  });

  final void Function(RouterMessage message) onMessage;
  final void Function(RouterEvent event) onEvent;
  final void Function(RouterState state) onState;

  /// Something arrived that could not be read.
  final void Function(RouterException error) onProblem;

  /// There will be no response to requests that were written so far.
  final void Function(RouterException error) onRequestsLost;
}
