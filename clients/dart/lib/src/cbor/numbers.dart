/// True where every `int` is a JavaScript number: integers are exact up to 2^53 only, `1.0 is int`.
///
/// The VM and WebAssembly have 64-bit integers.
const bool integersAreJsNumbers = identical(1, 1.0);

/// The largest integer that a JavaScript number holds exactly together with its neighbours.
const int maxSafeInteger = 9007199254740991;

/// 2^32, to split 64-bit integers without bit operations, which are 32 bits wide in JavaScript.
const int twoPow32 = 4294967296;

/// The limits of int64.
final BigInt minInt64 = -(BigInt.one << 63);
final BigInt maxInt64 = (BigInt.one << 63) - BigInt.one;

/// True when [value] has to be written as a float although `value is int` holds.
///
/// On JavaScript numbers `-0.0 is int` and `1e300 is int` are true.
bool isFloatDespiteType(int value) =>
    integersAreJsNumbers &&
    (value > maxSafeInteger || value < -maxSafeInteger || (value == 0 && value.isNegative));
