using System.Globalization;
using System.Text.Json;

namespace Chancery.Models;

/// <summary>What a provider says about a failure, in whichever of the known shapes.</summary>
/// <remarks>
/// <c>{"error":{"code":"context_length_exceeded","type":"invalid_request_error","message":"…"}}</c> (OpenAI),
/// <c>{"type":"error","error":{"type":"overloaded_error","message":"…"}}</c> (Anthropic),
/// <c>{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"…","details":[…]}}</c> (Google, also as a list of one).
/// </remarks>
internal readonly record struct ProviderError(string Code, string Type, string Message)
{
    /// <summary>Google's machine-readable reason, such as <c>API_KEY_INVALID</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>How long Google asks to wait, which it does not say in a header.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>The numeric code, which some providers put where the status cannot be: inside a stream.</summary>
    public int? Status =>
        int.TryParse(Code, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number is >= 400 and < 600
            ? number
            : null;

    /// <summary>The provider's word for it: its code, or its type where the code is only a number.</summary>
    public string? Name =>
        Reason.Length > 0 ? Reason
        : Code.Length > 0 && Status is null ? Code
        : Type.Length > 0 ? Type
        : Code.Length > 0 ? Code
        : null;

    /// <summary>What the words mean; <see langword="null"/> where they mean nothing known.</summary>
    public ModelFailure? Kind
    {
        get
        {
            if (Has("content_filter") || Has("content_policy") || Has("ResponsibleAI") || Has("requires moderation"))
                return ModelFailure.Policy;
            if (
                Has("context_length")
                || Has("context length")
                || Has("context window")
                || Has("context limit")
                || Has("exceed_context_size")
                || Has("prompt is too long")
                || Has("input token count")
            )
                return ModelFailure.Context;
            if (
                Names("rate_limit")
                || Names("insufficient_quota")
                || Names("too_many_requests")
                || Names("resource_exhausted")
            )
                return ModelFailure.Rate;
            if (
                Names("invalid_api_key")
                || Names("api_key_invalid")
                || Names("authentication")
                || Names("unauthenticated")
                || Names("permission")
                || Names("billing")
                || Has("credit balance")
            )
                return ModelFailure.Key;
            if (
                Names("invalid_request")
                || Names("invalid_argument")
                || Names("failed_precondition")
                || Names("not_found")
                || Names("request_too_large")
            )
                return ModelFailure.Client;
            if (Names("server_error") || Names("overloaded") || Names("timeout") || Names("unavailable"))
                return ModelFailure.Transient;
            return null;
        }
    }

    /// <param name="root">The error itself, or what it is in.</param>
    public static ProviderError Read(JsonElement root)
    {
        if (root.ValueKind is JsonValueKind.Array && root.GetArrayLength() > 0)
            root = root[0];
        if (
            root.ValueKind is JsonValueKind.Object
            && root.TryGetProperty("error", out var inner)
            && inner.ValueKind is JsonValueKind.Object or JsonValueKind.String
        )
            root = inner;

        return root.ValueKind switch
        {
            JsonValueKind.String => new ProviderError("", "", root.GetString()!),
            JsonValueKind.Object => WithDetails(
                root,
                new ProviderError(
                    Text(root, "code"),
                    Text(root, "type") is { Length: > 0 } type ? type : Text(root, "status"),
                    Text(root, "message")
                )
            ),
            _ => new ProviderError("", "", ""),
        };
    }

    private static ProviderError WithDetails(JsonElement root, ProviderError error)
    {
        if (!root.TryGetProperty("details", out var details) || details.ValueKind is not JsonValueKind.Array)
            return error;

        foreach (var detail in details.EnumerateArray())
        {
            if (detail.ValueKind is not JsonValueKind.Object)
                continue;
            if (Text(detail, "reason") is { Length: > 0 } reason)
                error = error with { Reason = reason };
            // A duration as protobuf writes it, such as 37s or 0.25s.
            if (
                Text(detail, "retryDelay") is [.. var seconds, 's']
                && double.TryParse(seconds, CultureInfo.InvariantCulture, out var wait)
                && wait is >= 0 and < int.MaxValue
            )
                error = error with { RetryDelay = TimeSpan.FromSeconds(wait) };
        }

        return error;
    }

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? value.ToString()
            : "";

    private bool Names(string word) =>
        Code.Contains(word, StringComparison.OrdinalIgnoreCase)
        || Type.Contains(word, StringComparison.OrdinalIgnoreCase)
        || Reason.Contains(word, StringComparison.OrdinalIgnoreCase);

    private bool Has(string word) => Names(word) || Message.Contains(word, StringComparison.OrdinalIgnoreCase);
}
