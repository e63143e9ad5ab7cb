/// Connections with certificates or headers of your own; not for the web.
library;

export 'src/transport/socket_io.dart' show IoRouterSocket, ioConnector;
