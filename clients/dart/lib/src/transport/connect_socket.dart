export 'socket_stub.dart'
    if (dart.library.io) 'socket_io.dart'
    if (dart.library.js_interop) 'socket_web.dart'
    show connectSocket, onNetworkBack;
