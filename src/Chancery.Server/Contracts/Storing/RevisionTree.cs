using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Contracts;

namespace Chancery.Server.Contracts.Storing;

/// <summary>
/// How a text is stored: its head and the outline of its clauses with each revision, the words of a clause once for each contract
/// that they stand in.
/// </summary>
internal static class RevisionTree
{
    /// <summary>Of what is stored and of what is hashed: never change what it writes for a text that exists.</summary>
    public static JsonSerializerOptions Json { get; } =
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            // PostgreSQL keeps the members of jsonb in an order of its own.
            AllowOutOfOrderMetadataProperties = true,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        };

    /// <summary>Title, parties, dates and the rest without the clauses.</summary>
    public static string HeadOf(ContractText text) => JsonSerializer.Serialize(text with { Clauses = [] }, Json);

    /// <summary><c>[["0190…",0,true,"base64"],…]</c>: id, depth, whether numbered, SHA-256 of the words.</summary>
    public static string OutlineOf(ContractText text)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var placed in text.Walk())
            {
                writer.WriteStartArray();
                writer.WriteStringValue(placed.Clause.Id);
                writer.WriteNumberValue(placed.Depth);
                writer.WriteBooleanValue(placed.Clause.IsNumbered);
                writer.WriteBase64StringValue(HashOf(placed.Clause));
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Of heading and words; a line break cannot be in a heading.</summary>
    public static byte[] HashOf(Clause clause) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{clause.Heading}\n{clause.Text}"));

    /// <summary>The hashes in an outline, in its order.</summary>
    public static IReadOnlyList<OutlineEntry> ReadOutline(string outline)
    {
        using var document = JsonDocument.Parse(outline);
        return
        [
            .. document
                .RootElement.EnumerateArray()
                .Select(entry => new OutlineEntry(
                    entry[0].GetGuid(),
                    entry[1].GetInt32(),
                    entry[2].GetBoolean(),
                    entry[3].GetString()!
                )),
        ];
    }

    /// <param name="texts">By the base64 of their hash.</param>
    public static ContractText Read(
        string head,
        IReadOnlyList<OutlineEntry> outline,
        IReadOnlyDictionary<string, ClauseWords> texts
    )
    {
        var place = 0;
        return JsonSerializer.Deserialize<ContractText>(head, Json)! with { Clauses = Below(0) };

        IReadOnlyList<Clause> Below(int depth)
        {
            var clauses = new List<Clause>();
            while (place < outline.Count && outline[place].Depth == depth)
            {
                var entry = outline[place++];
                var words = texts[entry.Sha256];
                clauses.Add(
                    new Clause(entry.Id)
                    {
                        Heading = words.Heading,
                        Text = words.Body,
                        IsNumbered = entry.IsNumbered,
                        Children = Below(depth + 1),
                    }
                );
            }

            return clauses;
        }
    }
}

/// <param name="Sha256">Base64.</param>
internal readonly record struct OutlineEntry(Guid Id, int Depth, bool IsNumbered, string Sha256);

internal sealed record ClauseWords(string Heading, string Body);
