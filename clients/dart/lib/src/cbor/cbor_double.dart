/// A number that is always sent as a floating-point number.
///
/// Compiled to JavaScript, `1` and `1.0` are the same value, so a plain `1.0` is sent as an integer
/// there. `CborDouble(1)` is a float64 on every platform. Received values are never of this class.
final class CborDouble {
  const CborDouble(this.value);

  final double value;

  @override
  bool operator ==(Object other) => other is CborDouble && other.value == value;

  @override
  int get hashCode => value.hashCode;

  @override
  String toString() => 'CborDouble($value)';
}
