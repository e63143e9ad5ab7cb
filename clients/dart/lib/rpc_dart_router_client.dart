/// A client for rpc-dart-router: messages between clients, requests, presence and events, over one
/// WebSocket that may be lost without losing a message.
library;

export 'src/cbor/cbor_double.dart' show CborDouble;
export 'src/client/options.dart' show RouterClientOptions;
export 'src/client/request_handler.dart' show RequestHandler;
export 'src/client/rpc_router_client.dart' show RpcRouterClient;
export 'src/errors.dart' show RouterErrorCode, RouterException;
export 'src/model/router_client_info.dart' show ClientStatus, RouterClientInfo;
export 'src/model/router_event.dart' show RouterEvent, RouterEventType;
export 'src/model/router_message.dart' show RouterMessage, RouterMessageType;
export 'src/model/router_state.dart' show RouterClientStatus, RouterState;
export 'src/session/reconnect_policy.dart' show ReconnectPolicy;
export 'src/transport/router_socket.dart' show RouterSocket, SocketConnector;
