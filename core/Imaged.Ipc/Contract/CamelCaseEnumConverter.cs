using System.Text.Json;
using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>Enumerations as strings, <c>DirectLoop</c> as <c>directLoop</c>; never as numbers.</summary>
/// <typeparam name="TEnum">The enumeration.</typeparam>
public sealed class CamelCaseEnumConverter<TEnum>()
    : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where TEnum : struct, Enum;
