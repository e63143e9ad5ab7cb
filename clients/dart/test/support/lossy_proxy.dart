import 'dart:async';
import 'dart:io';
import 'dart:math';
import 'dart:typed_data';

/// A TCP proxy that loses connections: each one is cut or goes silent after a random number of bytes,
/// in the middle of whatever is on its way, until [losses] have happened.
final class LossyProxy {
  LossyProxy._(this._server, this._target, this.losses, int seed) : _random = Random(seed) {
    _server.listen(_accept);
  }

  static Future<LossyProxy> start(Uri target, {int losses = 0, int seed = 1}) async =>
      LossyProxy._(await ServerSocket.bind(InternetAddress.loopbackIPv4, 0), target, losses, seed);

  /// Every so many losses are half-open connections: nothing comes through, nothing is closed.
  static const int silentEvery = 10;
  static const int maxBudgetBytes = 40000;

  final ServerSocket _server;
  final Uri _target;
  final int losses;
  final Random _random;
  final Set<_Pair> _pairs = {};
  int happened = 0;
  int silent = 0;

  Uri get url => _target.replace(host: '127.0.0.1', port: _server.port);
  int get openConnections => _pairs.length;

  /// Cuts every connection.
  void cut() {
    for (final pair in [..._pairs]) {
      pair.destroy();
    }
  }

  /// Lets nothing through on every connection, without closing it.
  void freeze() {
    for (final pair in _pairs) {
      pair.isSilent = true;
    }
  }

  Future<void> stop() async {
    await _server.close();
    cut();
  }

  Future<void> _accept(Socket client) async {
    final Socket router;
    try {
      router = await Socket.connect(_target.host, _target.port);
    } on SocketException {
      return client.destroy();
    }
    final pair = _Pair(client, router, _random.nextInt(maxBudgetBytes));
    _pairs.add(pair);
    pair.onDestroyed = () => _pairs.remove(pair);
    _pipe(pair, client, router);
    _pipe(pair, router, client);
  }

  void _pipe(_Pair pair, Socket from, Socket to) {
    // writing fails after the other side was destroyed
    to.done.ignore();
    from.listen(
      (chunk) => _forward(pair, chunk, to),
      onDone: pair.destroy,
      onError: (_) => pair.destroy(),
    );
  }

  void _forward(_Pair pair, Uint8List chunk, Socket to) {
    if (pair.isSilent || pair.isDestroyed) return;
    pair.budgetBytes -= chunk.length;
    if (pair.budgetBytes >= 0 || happened >= losses) return to.add(chunk);
    happened++;
    to.add(Uint8List.sublistView(chunk, 0, chunk.length ~/ 2));
    if (happened % silentEvery == 0) {
      silent++;
      pair.isSilent = true;
    } else {
      unawaited(to.flush().then((_) => pair.destroy(), onError: (_) => pair.destroy()));
      pair.isSilent = true;
    }
  }
}

final class _Pair {
  _Pair(this.client, this.router, this.budgetBytes);

  final Socket client;
  final Socket router;
  int budgetBytes;
  bool isSilent = false;
  bool isDestroyed = false;
  void Function() onDestroyed = () {};

  void destroy() {
    if (isDestroyed) return;
    isDestroyed = true;
    client.destroy();
    router.destroy();
    onDestroyed();
  }
}
