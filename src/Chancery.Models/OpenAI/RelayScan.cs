using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Reads of an event, or of an answer, what decides on its way, without building anything of the rest.</summary>
internal static class RelayScan
{
    /// <exception cref="JsonException">It is no JSON object.</exception>
    /// <exception cref="ModelException">It is an error.</exception>
    public static RelayPart Read(ReadOnlyMemory<byte> json, string model)
    {
        var reader = new Utf8JsonReader(json.Span);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
        {
            throw new JsonException("An event of the stream is no object.");
        }

        var facts = new Facts();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                ReadChoices(ref reader, ref facts);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                facts.Usage = ReadUsage(ref reader) ?? facts.Usage;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                ReadError(ref reader, model, facts.Usage);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                facts.Model = TextOf(ref reader) ?? facts.Model;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                facts.Id = TextOf(ref reader) ?? facts.Id;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (
            reader.TokenType is not JsonTokenType.EndObject
            || reader.BytesConsumed < json.Span.TrimEnd(" \r\n\t"u8).Length
        )
        {
            throw new JsonException("An event of the stream is more or less than one object.");
        }

        return new RelayPart(json)
        {
            IsContent = facts.ContentBytes > 0 || facts.HasToolCall,
            IsUsageOnly = facts.Usage is not null && !facts.HasChoice,
            ContentBytes = facts.ContentBytes,
            FinishReason = facts.FinishReason,
            Usage = facts.Usage,
            Model = facts.Model,
            Id = facts.Id,
        };
    }

    private ref struct Facts
    {
        public int ContentBytes;
        public bool HasToolCall;
        public bool HasChoice;
        public string? FinishReason;
        public UsageDetails? Usage;
        public string? Model;
        public string? Id;
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref Facts facts)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is not JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            facts.HasChoice = true;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
                {
                    reader.Read();
                    ReadMessage(ref reader, ref facts);
                }
                else if (reader.ValueTextEquals("finish_reason"u8))
                {
                    facts.FinishReason = TextOf(ref reader) is { Length: > 0 } reason ? reason : facts.FinishReason;
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }
    }

    private static void ReadMessage(ref Utf8JsonReader reader, ref Facts facts)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isText =
                reader.ValueTextEquals("content"u8)
                || reader.ValueTextEquals("refusal"u8)
                || reader.ValueTextEquals("reasoning_content"u8)
                || reader.ValueTextEquals("reasoning"u8);
            var isCall = reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("function_call"u8);
            reader.Read();
            var start = reader.TokenStartIndex;
            if (reader.TokenType is JsonTokenType.String)
            {
                facts.ContentBytes += isText ? reader.ValueSpan.Length : 0;
                continue;
            }

            reader.Skip();
            var bytes = (int)(reader.BytesConsumed - start);
            // An empty list is no call; a list of content parts is text.
            if (bytes > 2 && reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            {
                facts.HasToolCall |= isCall;
                facts.ContentBytes += isText || isCall ? bytes : 0;
            }
        }
    }

    private static UsageDetails? ReadUsage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        return JsonSerializer.Deserialize(ref reader, OpenAIWire.Default.WireUsage)?.Details();
    }

    /// <summary>Null is none: some send the member in each event.</summary>
    private static void ReadError(ref Utf8JsonReader reader, string model, UsageDetails? usage)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.String))
        {
            reader.Skip();
            return;
        }

        var error = JsonElement.ParseValue(ref reader);
        throw ModelTransport.Reported(error, model, usage);
    }

    private static string? TextOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }
}
