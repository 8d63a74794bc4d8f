using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Caching;

/// <summary>What an answer answers: everything that could have made it another one.</summary>
/// <param name="Hash">SHA-256, in hexadecimal.</param>
public sealed record AnswerCacheKey(CacheSpace Space, string Hash)
{
    /// <summary>Another one wherever fields, or what they mean, change: older answers are not found then, and end by themselves.</summary>
    private const int Schema = 1;

    /// <summary>Of what is done to answers before they are shown; there is none yet but citations, which are checked at each showing.</summary>
    private const string GuardPolicy = "citations-1";

    // Of one answer, and of what stands in for it in memory.
    private const int LongestMessages = 4 * 1024 * 1024;

    /// <summary>Its name in Redis, and in this process.</summary>
    /// <param name="stamp">Of its space, now: another one makes all that was stored before unreachable.</param>
    public string Name(string stamp) => $"{Space.Prefix}{stamp}:{Hash}";

    /// <summary>Of a request as it is sent to a model; null for one that is never answered from a cache.</summary>
    /// <param name="prompt">Name and version of the prompt that the messages were made by; empty for a client's own.</param>
    /// <param name="passages">Ids and versions of what the messages quote, in their order.</param>
    /// <param name="boundary">A word in the messages that is new each time and means nothing; null where there is none.</param>
    public static AnswerCacheKey? Of(
        CacheSpace space,
        ChatModel model,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        string prompt = "",
        IReadOnlyList<string>? passages = null,
        string? boundary = null
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        using var hash = Begin(space, model, prompt);
        if (!RequestFields.Add(hash, options))
        {
            return null;
        }

        hash.Add("passages", passages?.Count ?? 0);
        foreach (var passage in passages ?? [])
        {
            hash.Add("passage", passage);
        }

        long characters = 0;
        hash.Add("messages", messages.Count);
        foreach (var message in messages)
        {
            if (!RequestFields.Add(hash, message, boundary, ref characters) || characters > LongestMessages)
            {
                return null;
            }
        }

        return new AnswerCacheKey(space, hash.End());
    }

    /// <summary>Of a request of which the members are known as JSON only; null for one that is never answered from a cache.</summary>
    /// <param name="members">Those that count, by name; their order does not matter.</param>
    /// <param name="mostTokens">What the model is allowed to write.</param>
    public static AnswerCacheKey? Of(
        CacheSpace space,
        ChatModel model,
        IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> members,
        long? mostTokens
    )
    {
        using var hash = Begin(space, model, prompt: "");
        hash.Add("max_tokens", mostTokens);
        long bytes = 0;
        foreach (var (name, json) in members.OrderBy(member => member.Key, StringComparer.Ordinal))
        {
            hash.Add(name, json.Span);
            bytes += json.Length;
        }

        return bytes > LongestMessages ? null : new AnswerCacheKey(space, hash.End());
    }

    private static KeyHash Begin(CacheSpace space, ChatModel model, string prompt)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(model);
        var endpoint = model.Endpoint;
        return new KeyHash()
            .Add("schema", Schema)
            .Add("tenant", space.Tenant.Value)
            .Add("namespace", space.Namespace)
            .Add("scope", space.Scope)
            .Add("provider", model.ProviderName)
            .Add("model", model.Id)
            .Add("model there", endpoint?.Model)
            .Add("address", endpoint?.BaseAddress.AbsoluteUri)
            .Add("protocol", endpoint?.Protocol.ToString())
            .Add("prompt", prompt)
            .Add("guards", GuardPolicy);
    }
}
