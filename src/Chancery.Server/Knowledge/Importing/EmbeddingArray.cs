using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>An embedding as older systems keep it: a JSON array of numbers, <c>[0.0123, -0.4, …]</c>.</summary>
internal static class EmbeddingArray
{
    /// <summary>The vector, or the reason why it is none that can be searched.</summary>
    /// <param name="json">Of a JSONB column; null where it is NULL.</param>
    public static (float[]? Vector, string? Reason) Read(string? json, int dimensions)
    {
        if (json is null)
        {
            return (null, "there is no embedding");
        }

        var length = Encoding.UTF8.GetByteCount(json);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Encoding.UTF8.GetBytes(json, bytes);
            return Read(bytes.AsSpan(0, length), dimensions);
        }
        catch (JsonException)
        {
            return (null, "the embedding is no JSON");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static (float[]? Vector, string? Reason) Read(ReadOnlySpan<byte> json, int dimensions)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return (null, "the embedding is no array");
        }

        var vector = new float[dimensions];
        var count = 0;
        var isDirected = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number)
            {
                return (null, "the embedding holds something that is no number");
            }

            // A number that a float cannot hold comes as infinity.
            if (!reader.TryGetSingle(out var value) || !float.IsFinite(value))
            {
                return (null, "the embedding holds a number that is not finite");
            }

            if (count < dimensions)
            {
                vector[count] = value;
                isDirected |= value != 0;
            }

            count++;
        }

        if (count != dimensions)
        {
            return (
                null,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the embedding has {count} numbers, {dimensions} are expected"
                )
            );
        }

        return isDirected ? (vector, null) : (null, "the embedding is all zeros and has no direction");
    }
}
