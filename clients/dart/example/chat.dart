// A chat in the terminal:
//   dart run example/chat.dart NAME [ws://localhost:8080]
// Lines go to everybody in the room; "/who" lists them. Pull the plug of the network and put it back: what
// was written meanwhile arrives.
import 'dart:convert';
import 'dart:io';

import 'package:rpc_dart_router_client/rpc_dart_router_client.dart';

const String room = 'chat';

Future<void> main(List<String> arguments) async {
  if (arguments.isEmpty) {
    stderr.writeln('usage: chat.dart NAME [URL]');
    exit(2);
  }
  final name = arguments.first;
  final url = arguments.length > 1 ? arguments[1] : 'ws://localhost:8080';
  final client = await RpcRouterClient.connect(url, clientName: name, groups: [room]);
  client.states.listen((state) => stdout.writeln('* $state'));
  client.messages.listen((message) {
    if (message.payload case {'name': final String from, 'text': final String text}) {
      stdout.writeln('$from: $text');
    }
  });

  await for (final line in stdin.transform(utf8.decoder).transform(const LineSplitter())) {
    if (line == '/who') {
      final clients = await client.getOnlineClients(groups: [room]);
      stdout.writeln('* ${clients.map((info) => info.clientName).join(', ')}');
    } else {
      await client.sendMulticast(room, {'name': name, 'text': line});
    }
  }
  await client.close();
}
