using System.Collections.Frozen;
using System.Diagnostics;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>Takes secrets out of a span that has ended, before it leaves the process; addresses lose path and query.</summary>
/// <remarks>Not on the request's time: whoever sends the span calls it. Safe for concurrent use.</remarks>
internal static class SpanMask
{
    private const int ShortestSecret = 6;

    // By far the most of what stands on spans, and none of it is anybody's text.
    private static readonly FrozenSet<string> Harmless = new[]
    {
        "http.request.method",
        "http.route",
        "url.scheme",
        "server.address",
        "network.protocol.version",
        "network.peer.address",
        "db.system",
        "db.system.name",
        "db.operation.name",
        "error.type",
        SpanNames.ModelOperation,
        SpanNames.Tenant,
        SpanNames.User,
        SpanNames.Key,
    }.ToFrozenSet(StringComparer.Ordinal);

    // Paths and query strings hold invitations, questions and names; http.route says what is needed.
    private static readonly string[] Unwanted =
    [
        "url.path",
        "url.query",
        "http.target",
        "http.url",
        "client.address",
        "db.connection_string",
    ];

    /// <summary>False when a secret stands where it cannot be taken out: then the span must not be sent.</summary>
    public static bool Apply(Activity span)
    {
        // Two receivers may be about to send the same span: the second finds nothing left to change.
        lock (span)
        {
            List<(string Name, object? Value)>? changes = null;
            foreach (var (name, value) in span.EnumerateTagObjects())
            {
                var safe = Safe(name, value);
                if (!ReferenceEquals(safe, value))
                {
                    (changes ??= []).Add((name, safe));
                }
            }

            foreach (var (name, value) in changes ?? [])
            {
                span.SetTag(name, value);
            }

            if (SecretMask.Of(span.DisplayName) is var shown && shown != span.DisplayName)
            {
                span.DisplayName = shown;
            }

            if (
                span.StatusDescription is { } description
                && SecretMask.Of(description) is var told
                && told != description
            )
            {
                span.SetStatus(span.Status, told);
            }

            foreach (var happened in span.EnumerateEvents())
            {
                foreach (var (name, value) in happened.EnumerateTagObjects())
                {
                    if (!ReferenceEquals(Safe(name, value), value))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    private static object? Safe(string name, object? value) =>
        value switch
        {
            string text when name == "url.full" => Origin(text),
            string when Unwanted.Contains(name) => null,
            string text when text.Length >= ShortestSecret && !Harmless.Contains(name) => Masked(name, text),
            string[] texts => MaskedAll(texts),
            _ => value,
        };

    private static string Masked(string name, string text)
    {
        if (SecretMask.IsSecretName(name))
        {
            return text == SecretMask.Mask ? text : SecretMask.Mask;
        }

        var masked = SecretMask.Of(text);
        return masked == text ? text : masked;
    }

    private static string[] MaskedAll(string[] texts)
    {
        var masked = Array.ConvertAll(texts, SecretMask.Of);
        return masked.AsSpan().SequenceEqual(texts) ? texts : masked;
    }

    private static string Origin(string address)
    {
        var origin = Uri.TryCreate(address, UriKind.Absolute, out var parsed)
            ? parsed.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            : SecretMask.Mask;
        return origin == address ? address : SecretMask.Of(origin);
    }
}
