import 'dart:async';

import '../cbor/cbor_writer.dart';
import '../errors.dart';
import '../model/router_message.dart';

/// Answers a request: the map that it returns is the payload of the response, an exception its error.
///
/// A [RouterException] sends its code as well.
typedef RequestHandler = FutureOr<Map<String, dynamic>?> Function(RouterMessage request);

/// Runs [handler] for [request]; returns the response, or null when the request cannot be answered.
Future<RouterMessage?> respondTo(
  RouterMessage request,
  RequestHandler handler, {
  required void Function(String problem) report,
}) async {
  final senderId = request.senderId;
  final requestId = request.requestId;
  if (senderId == null || requestId == null) {
    report('a request without senderId or requestId cannot be answered');
    return null;
  }
  RouterMessage response(Map<String, dynamic> payload, [String? errorMessage]) =>
      RouterMessage.response(
        targetId: senderId,
        requestId: requestId,
        payload: payload,
        success: errorMessage == null,
        errorMessage: errorMessage,
      );
  try {
    final payload = await handler(request) ?? const {};
    // a result that cannot be sent is an error of the handler
    encodeCbor(payload);
    return response(payload);
  } on RouterException catch (error) {
    return response({'code': error.code}, error.message);
  } on Object catch (error, stack) {
    report('the handler of requests failed: $error\n$stack');
    return response(const {}, '$error');
  }
}
