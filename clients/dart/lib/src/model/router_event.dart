/// What a [RouterEvent] is about.
enum RouterEventType {
  clientConnected,
  clientDisconnected,
  clientCapabilitiesUpdated,
  topologyChanged,
  routerStats,
  performanceMetrics,
  healthWarning,

  /// A type that this version of the client does not have; see [RouterEvent.typeName].
  unknown,
}

/// Something that happened in the router.
final class RouterEvent {
  const RouterEvent({
    required this.type,
    required this.typeName,
    required this.timestamp,
    required this.data,
    this.metadata,
  });

  factory RouterEvent.fromMap(Map<String, dynamic> map) {
    if (map case {'type': final String name, 'timestamp': final int timestamp}) {
      return RouterEvent(
        type: RouterEventType.values.asNameMap()[name] ?? RouterEventType.unknown,
        typeName: name,
        timestamp: timestamp,
        data: switch (map['data']) {
          final Map<String, dynamic> data => data,
          _ => const {},
        },
        metadata: switch (map['metadata']) {
          final Map<String, dynamic> metadata => metadata,
          _ => null,
        },
      );
    }
    throw const FormatException('an event without type or timestamp');
  }

  final RouterEventType type;

  /// The type as the router wrote it.
  final String typeName;

  /// Milliseconds since the epoch, by the clock of the router.
  final int timestamp;
  final Map<String, dynamic> data;
  final Map<String, dynamic>? metadata;

  @override
  String toString() => 'RouterEvent($typeName, $data)';
}
