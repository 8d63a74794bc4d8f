using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>
/// A chat completion as a client sent it: its bytes, and what decides on its way. Members that nobody here knows of go to the
/// provider as they came.
/// </summary>
internal sealed class ChatRequestBody
{
    // About what the large providers count for a picture; its base64 is no text.
    private const int TokensOfImage = 1_500;
    private const int LongData = 1_024;

    // As OpenAI has it.
    private const int MostChoices = 128;

    private readonly ReadOnlyMemory<byte> _json;
    private readonly List<Member> _members = [];
    private JsonDocument? _document;

    private ChatRequestBody(ReadOnlyMemory<byte> json) => _json = json;

    private readonly record struct Member(string Name, int Start, int End);

    /// <summary>Empty where the request names none.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Only models of this provider, where the request says so; null else.</summary>
    public string? Provider { get; private set; }

    public bool IsStreamed { get; private set; }

    /// <summary>Whether the client wants the stream's last event to tell usage.</summary>
    public bool WantsUsage { get; private set; }

    /// <summary><c>max_completion_tokens</c> or <c>max_tokens</c>; null where neither is there.</summary>
    public long? MostTokens { get; private set; }

    public float? Temperature { get; private set; }

    /// <summary><c>n</c>: how many answers; 1 where it is not there.</summary>
    public int Choices { get; private set; } = 1;

    public ModelNeeds Needs { get; private set; }

    /// <summary>Of messages, tools and formats: an estimate on the high side.</summary>
    public long InputTokens { get; private set; }

    /// <summary>Each member as it was sent, name by name.</summary>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Members =>
        _members.Select(member => KeyValuePair.Create(member.Name, _json[member.Start..member.End]));

    /// <summary>The whole of it, for what has to be translated.</summary>
    public JsonElement Root => (_document ??= JsonDocument.Parse(_json)).RootElement;

    /// <summary>Null and why where it is no request.</summary>
    public static (ChatRequestBody? Body, OpenAIError? Error) Read(ReadOnlyMemory<byte> json)
    {
        var body = new ChatRequestBody(json);
        try
        {
            return body.Scan() is { } error ? (null, error) : (body, null);
        }
        catch (JsonException)
        {
            return (null, OpenAIError.Malformed("The body is not JSON."));
        }
        catch (InvalidOperationException)
        {
            // A string that is no UTF-8, or a lone surrogate.
            return (null, OpenAIError.Malformed("A text in the body is not Unicode."));
        }
    }

    /// <summary>The same request for one target: its model, its limit, and usage at the stream's end.</summary>
    public ReadOnlyMemory<byte> For(ChatModel model)
    {
        var endpoint = model.Endpoint!;
        var buffer = new ArrayBufferWriter<byte>(_json.Length + 160);
        buffer.Write("{\"model\":"u8);
        buffer.Write(JsonSerializer.SerializeToUtf8Bytes(endpoint.Model));
        if (IsStreamed && endpoint.AsksForUsage)
        {
            buffer.Write(",\"stream_options\":{\"include_usage\":true}"u8);
        }

        if (LimitFor(model) is { } limit)
        {
            buffer.Write(endpoint.TakesMaxCompletionTokens ? ",\"max_completion_tokens\":"u8 : ",\"max_tokens\":"u8);
            buffer.Write(Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture)));
        }

        foreach (var member in _members)
        {
            if (!IsReplaced(member.Name))
            {
                buffer.Write(","u8);
                buffer.Write(_json.Span[member.Start..member.End]);
            }
        }

        buffer.Write("}"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>What the request allows, within what the model writes; where a token costs money there is always a limit.</summary>
    public long? LimitFor(ChatModel model) => OutputLimit.For(MostTokens, model);

    private bool IsReplaced(string name) =>
        name is "model" or "max_tokens" or "max_completion_tokens"
        || (name is "stream_options" && IsStreamed)
        || (name is "provider" && Provider is not null);

    private OpenAIError? Scan()
    {
        var reader = new Utf8JsonReader(_json.Span);
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            return OpenAIError.Malformed("The body must be a JSON object.");
        }

        var hasMessages = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var name = reader.GetString()!;
            reader.Read();
            if (name is "messages" && reader.TokenType is not JsonTokenType.StartArray)
            {
                return OpenAIError.Invalid("messages", "messages must be a list.");
            }

            if (Note(name, ref reader) is { } error)
            {
                return error;
            }

            hasMessages |= name is "messages";
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                InputTokens += Count(ref reader, name is "messages");
            }

            // Of two members of one name the last counts, as with every reader of JSON.
            _members.RemoveAll(known => known.Name == name);
            _members.Add(new Member(name, start, (int)reader.BytesConsumed));
        }

        if (reader.Read())
        {
            return OpenAIError.Malformed("The body is more than one JSON object.");
        }

        return hasMessages ? null : OpenAIError.Invalid("messages", "Say in messages what to answer.");
    }

    private OpenAIError? Note(string name, ref Utf8JsonReader reader)
    {
        switch (name)
        {
            case "model" when reader.TokenType is JsonTokenType.String:
                Model = reader.GetString()!;
                return null;
            case "model" when reader.TokenType is not JsonTokenType.Null:
                return OpenAIError.Invalid("model", "model must be a text.");
            case "provider" when reader.TokenType is JsonTokenType.String:
                Provider = reader.GetString();
                return null;
            case "stream":
                IsStreamed = reader.TokenType is JsonTokenType.True;
                return reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null
                    ? null
                    : OpenAIError.Invalid("stream", "stream must be true or false.");
            case "stream_options" when reader.TokenType is JsonTokenType.StartObject:
                WantsUsage = AsksForUsage(reader);
                return null;
            case "max_tokens" or "max_completion_tokens" when reader.TokenType is not JsonTokenType.Null:
                if (
                    reader.TokenType is not JsonTokenType.Number
                    || !reader.TryGetInt64(out var most)
                    || most is < 1 or > int.MaxValue
                )
                {
                    return OpenAIError.Invalid(name, $"{name} must be a whole number of at least 1.");
                }

                MostTokens = Math.Min(MostTokens ?? most, most);
                return null;
            case "n" when reader.TokenType is not JsonTokenType.Null:
                if (
                    reader.TokenType is not JsonTokenType.Number
                    || !reader.TryGetInt32(out var choices)
                    || choices is < 1 or > MostChoices
                )
                {
                    return OpenAIError.Invalid(name, $"n must be a whole number from 1 to {MostChoices}.");
                }

                Choices = choices;
                return null;
            case "temperature" when reader.TokenType is JsonTokenType.Number:
                Temperature = reader.TryGetSingle(out var temperature) ? temperature : null;
                return null;
            case "tools" or "functions" when reader.TokenType is JsonTokenType.StartArray:
                var ahead = reader;
                if (ahead.Read() && ahead.TokenType is not JsonTokenType.EndArray)
                {
                    Needs |= ModelNeeds.Tools;
                }

                return null;
            default:
                return null;
        }
    }

    /// <param name="reader">A copy: the original goes on where it was.</param>
    private static bool AsksForUsage(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (isUsage)
            {
                return reader.TokenType is JsonTokenType.True;
            }

            reader.Skip();
        }

        return false;
    }

    /// <summary>Tokens of all texts within, names included; leaves the reader at the value's end.</summary>
    private long Count(ref Utf8JsonReader reader, bool isMessages)
    {
        long bytes = 0;
        long tokens = 0;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String
                    when reader.ValueSpan.Length > LongData && reader.ValueSpan.StartsWith("data:"u8):
                    Needs |= isMessages ? ModelNeeds.Images : ModelNeeds.None;
                    tokens += TokensOfImage;
                    break;
                case JsonTokenType.PropertyName when isMessages && reader.ValueTextEquals("image_url"u8):
                    Needs |= ModelNeeds.Images;
                    break;
                case JsonTokenType.String or JsonTokenType.PropertyName or JsonTokenType.Number:
                    bytes += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.StartObject:
                    // A message's frame, or a bracket of a schema.
                    tokens += isMessages ? 4 : 1;
                    break;
            }
        }

        // English takes about four bytes a token, ideographs three.
        return tokens + ((bytes + 2) / 3);
    }
}
