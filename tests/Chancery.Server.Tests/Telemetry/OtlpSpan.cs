using System.Buffers.Binary;
using System.Text;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>A span as it went over the wire: as much of OpenTelemetry's protobuf as the tests look at.</summary>
internal sealed record OtlpSpan(
    string TraceId,
    string SpanId,
    string ParentId,
    string Name,
    int Kind,
    Dictionary<string, string> Tags,
    List<string> Events,
    int Status,
    string StatusMessage,
    string Service
)
{
    /// <summary>What its events are called, with their attributes, in their order.</summary>
    public required IReadOnlyList<(string Name, Dictionary<string, string> Tags)> Happened { get; init; }

    /// <summary>The attributes of its events of that name.</summary>
    public IEnumerable<Dictionary<string, string>> EventsOf(string name) =>
        Happened.Where(one => one.Name == name).Select(one => one.Tags);

    public static IEnumerable<OtlpSpan> Read(byte[] request) =>
        from resource in Fields(request)
        where resource.Number == 1
        let service = Fields(resource.Bytes)
            .Where(field => field.Number == 1)
            .SelectMany(field => Attributes(field.Bytes, 1))
            .FirstOrDefault(attribute => attribute.Key == "service.name")
            .Value
        from scope in Fields(resource.Bytes)
        where scope.Number == 2
        from span in Fields(scope.Bytes)
        where span.Number == 2
        select Of(span.Bytes, service ?? "");

    private static OtlpSpan Of(byte[] span, string service)
    {
        var fields = Fields(span).ToList();
        var status = fields.Where(field => field.Number == 15).SelectMany(field => Fields(field.Bytes)).ToList();
        return new(
            Hex(1),
            Hex(2),
            Hex(4),
            Encoding.UTF8.GetString(Bytes(5)),
            (int)fields.FirstOrDefault(field => field.Number == 6).Value,
            Attributes(span, 9).ToDictionary(),
            [
                .. fields
                    .Where(field => field.Number == 11)
                    .Select(field => string.Join(' ', Attributes(field.Bytes, 3).Select(pair => pair.Value))),
            ],
            (int)status.FirstOrDefault(field => field.Number == 3).Value,
            Encoding.UTF8.GetString(status.FirstOrDefault(field => field.Number == 2).Bytes ?? []),
            service
        )
        {
            Happened =
            [
                .. fields
                    .Where(field => field.Number == 11)
                    .Select(field =>
                        (
                            Encoding.UTF8.GetString(Fields(field.Bytes).First(part => part.Number == 2).Bytes),
                            Attributes(field.Bytes, 3).ToDictionary()
                        )
                    ),
            ],
        };

        byte[] Bytes(int number) => fields.FirstOrDefault(field => field.Number == number).Bytes ?? [];
        string Hex(int number) => Convert.ToHexStringLower(Bytes(number));
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(byte[] message, int number) =>
        from attribute in Fields(message)
        where attribute.Number == number
        let parts = Fields(attribute.Bytes).ToList()
        select KeyValuePair.Create(
            Encoding.UTF8.GetString(parts.Find(part => part.Number == 1).Bytes),
            ValueOf(parts.Find(part => part.Number == 2).Bytes ?? [])
        );

    private static string ValueOf(byte[] value)
    {
        var field = Fields(value).FirstOrDefault();
        return field.Number switch
        {
            1 => Encoding.UTF8.GetString(field.Bytes),
            2 => field.Value == 1 ? "true" : "false",
            3 => field.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
            4 => BitConverter
                .Int64BitsToDouble(field.Value)
                .ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            5 => string.Join(',', Fields(field.Bytes).Select(one => ValueOf(one.Bytes))),
            _ => "",
        };
    }

    private static IEnumerable<(int Number, long Value, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length; )
        {
            var tag = VarInt(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    yield return ((int)(tag >> 3), VarInt(message, ref at), []);
                    break;
                case 1:
                    yield return ((int)(tag >> 3), BinaryPrimitives.ReadInt64LittleEndian(message.AsSpan(at)), []);
                    at += 8;
                    break;
                case 2:
                    var length = (int)VarInt(message, ref at);
                    yield return ((int)(tag >> 3), 0, message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    yield return ((int)(tag >> 3), BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7}.");
            }
        }
    }

    private static long VarInt(byte[] message, ref int at)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (long)(part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
    }
}
