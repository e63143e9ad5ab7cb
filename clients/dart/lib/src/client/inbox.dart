import 'dart:async';

import '../errors.dart';
import '../model/router_event.dart';
import '../model/router_message.dart';
import '../model/router_state.dart';
import 'message_hub.dart';
import 'request_handler.dart';
import 'request_table.dart';

/// Where everything that arrives goes: to the request that waits for it, to the handler of requests, or
/// to the streams of the application.
final class Inbox {
  Inbox({required this.requests, required this.respond, required this.log});

  final RequestTable requests;

  /// Sends the response of the handler.
  final void Function(RouterMessage response) respond;
  final void Function(String line)? log;
  final StreamController<RouterEvent> _events = StreamController.broadcast();
  final StreamController<RouterState> _states = StreamController.broadcast();
  final StreamController<RouterException> _problems = StreamController.broadcast();
  late final MessageHub hub = MessageHub(
    onDropped: () => report('nothing takes the messages: listen to messages, or give onP2PMessage'),
    onCallbackError: (error, stack) => report('onP2PMessage failed: $error\n$stack'),
  );

  RequestHandler? requestHandler;
  bool filtersHeartbeats = true;
  bool takesEvents = false;
  RouterEvent? _lastStats;

  Stream<RouterMessage> get messages => hub.stream;
  Stream<RouterEvent> get events => _events.stream;
  Stream<RouterState> get states => _states.stream;
  Stream<RouterException> get problems => _problems.stream;

  void addMessage(RouterMessage message) {
    final handler = requestHandler;
    switch (message.type) {
      case RouterMessageType.response when requests.complete(message):
        break;
      case RouterMessageType.request when handler != null:
        unawaited(_answer(message, handler));
      case RouterMessageType.heartbeat when filtersHeartbeats:
        break;
      default:
        hub.add(message);
    }
  }

  void addEvent(RouterEvent event) {
    if (event.type == RouterEventType.routerStats) _lastStats = event;
    if (takesEvents) _addTo(_events, event);
  }

  /// Takes events again. The router still sends them on the stream of the first subscription, so the
  /// statistics that come first in a subscription are the last ones that came.
  void resumeEvents() {
    takesEvents = true;
    if (_lastStats case final stats?) _addTo(_events, stats);
  }

  void addState(RouterState state) => _addTo(_states, state);

  void addProblem(RouterException error) => _addTo(_problems, error);

  void report(String text) {
    log?.call(text);
    addProblem(RouterException(RouterErrorCode.internal, text));
  }

  void close() {
    hub.close();
    for (final controller in [_events, _states, _problems]) {
      unawaited(controller.close());
    }
  }

  Future<void> _answer(RouterMessage request, RequestHandler handler) async {
    final response = await respondTo(request, handler, report: report);
    if (response != null) respond(response);
  }

  void _addTo<T>(StreamController<T> controller, T value) {
    if (!controller.isClosed) controller.add(value);
  }
}
