/// What `register` was called with, and what has changed since.
final class Registration {
  Registration({this.clientName, Iterable<String> groups = const [], this.metadata})
    : groups = {...groups};

  final String? clientName;
  final Set<String> groups;
  Map<String, dynamic>? metadata;

  Map<String, dynamic> toRequest({required String? token, Map<String, dynamic>? session}) => {
    if (clientName != null) 'clientName': clientName,
    'groups': [...groups],
    if (metadata != null || token != null)
      'metadata': {...?metadata, if (token != null) 'token': token},
    if (session != null) 'session': session,
  };
}
