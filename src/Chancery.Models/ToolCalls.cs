using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Puts the calls of one answer together from the pieces in which they come.</summary>
internal sealed class ToolCalls
{
    private const int MaxCalls = 512;
    private const int MaxArgumentChars = 8 * 1024 * 1024;

    private readonly List<Call> _calls = [];

    /// <summary>Takes a piece.</summary>
    /// <param name="index">Which call; some providers leave it out, and then a new id means a new call.</param>
    /// <param name="id">In the first piece; made up where the provider gives none.</param>
    /// <exception cref="JsonException">It belongs to no call, or there is no end to it.</exception>
    public ToolCallDelta Add(int? index, string? id, string? name, string? arguments)
    {
        var call =
            index is { } given ? _calls.FindLast(open => open.Key == given)
            : string.IsNullOrEmpty(id) ? _calls.LastOrDefault()
            : _calls.Find(open => open.Id == id);
        // Some count all calls as the first, and tell them apart only by their ids.
        if (call is not null && !string.IsNullOrEmpty(id) && id != call.Id && !string.IsNullOrEmpty(name))
            call = null;
        var isNew = call is null;
        if (call is null)
        {
            if (string.IsNullOrEmpty(name) || _calls.Count == MaxCalls)
                throw new JsonException("A piece of a tool call belongs to no call.");
            call = new Call(index ?? _calls.Count, string.IsNullOrEmpty(id) ? NewId() : id, name);
            _calls.Add(call);
        }

        if (call.Arguments.Length + (arguments?.Length ?? 0) > MaxArgumentChars)
            throw new JsonException("A tool call has no end.");
        call.Arguments.Append(arguments);
        return new ToolCallDelta(_calls.IndexOf(call), call.Id, isNew ? call.Name : null, arguments ?? "");
    }

    /// <summary>The call of this index, which has come to its end.</summary>
    public FunctionCallContent? End(int index)
    {
        var call = _calls.Find(open => open.Key == index && !open.IsOver);
        if (call is null)
            return null;
        call.IsOver = true;
        return Whole(call.Id, call.Name, call.Arguments.ToString());
    }

    /// <summary>All that have not ended before, in their order.</summary>
    public IEnumerable<FunctionCallContent> EndAll()
    {
        foreach (var call in _calls.Where(call => !call.IsOver))
        {
            call.IsOver = true;
            yield return Whole(call.Id, call.Name, call.Arguments.ToString());
        }
    }

    /// <summary>
    /// A call from the JSON text of its arguments. What cannot be parsed is told as the call's exception: the model wrote it,
    /// and may be told so.
    /// </summary>
    public static FunctionCallContent Whole(string? id, string name, string? arguments)
    {
        var call = new FunctionCallContent(string.IsNullOrEmpty(id) ? NewId() : id, name)
        {
            RawRepresentation = arguments,
        };
        try
        {
            call.Arguments = string.IsNullOrWhiteSpace(arguments) ? [] : Arguments(arguments);
        }
        catch (JsonException exception)
        {
            call.Exception = exception;
        }

        return call;
    }

    public static Dictionary<string, object?> Arguments(JsonElement json)
    {
        if (json.ValueKind is not JsonValueKind.Object)
            throw new JsonException("The arguments of a tool are not an object.");
        var arguments = new Dictionary<string, object?>();
        foreach (var argument in json.EnumerateObject())
            arguments[argument.Name] = argument.Value.Clone();
        return arguments;
    }

    private static Dictionary<string, object?> Arguments(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Arguments(document.RootElement);
    }

    private static string NewId() => $"call_{Guid.CreateVersion7():N}";

    private sealed class Call(int key, string id, string name)
    {
        public int Key { get; } = key;

        public string Id { get; } = id;

        public string Name { get; } = name;

        public StringBuilder Arguments { get; } = new();

        public bool IsOver { get; set; }
    }
}
