/// Whether a client can be reached.
enum ClientStatus { online, idle, disconnecting, offline }

/// A client of the router, as `getOnlineClients` lists it.
final class RouterClientInfo {
  const RouterClientInfo({
    required this.clientId,
    required this.clientName,
    required this.groups,
    required this.connectedAt,
    required this.lastActivity,
    required this.metadata,
    required this.status,
  });

  factory RouterClientInfo.fromMap(Map<String, dynamic> map) {
    if (map case {
      'clientId': final String clientId,
      'connectedAt': final int connectedAt,
      'lastActivity': final int lastActivity,
    }) {
      return RouterClientInfo(
        clientId: clientId,
        clientName: map['clientName'] as String?,
        groups: [...?(map['groups'] as List<dynamic>?)?.whereType<String>()],
        connectedAt: DateTime.fromMillisecondsSinceEpoch(connectedAt),
        lastActivity: DateTime.fromMillisecondsSinceEpoch(lastActivity),
        metadata: (map['metadata'] as Map<String, dynamic>?) ?? const {},
        status: ClientStatus.values.asNameMap()[map['status']] ?? ClientStatus.offline,
      );
    }
    throw const FormatException('a client without clientId, connectedAt or lastActivity');
  }

  final String clientId;
  final String? clientName;
  final List<String> groups;
  final DateTime connectedAt;
  final DateTime lastActivity;
  final Map<String, dynamic> metadata;
  final ClientStatus status;

  @override
  String toString() => 'RouterClientInfo($clientId, ${clientName ?? 'unnamed'}, ${status.name})';
}
