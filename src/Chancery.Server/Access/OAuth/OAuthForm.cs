using Microsoft.Extensions.Primitives;

namespace Chancery.Server.Access.OAuth;

/// <summary>The parameters of a call, each at most once but <c>resource</c>; an empty one counts as absent (RFC 6749, 3.2).</summary>
internal sealed class OAuthForm
{
    private readonly IReadOnlyDictionary<string, string> _values;

    private OAuthForm(IReadOnlyDictionary<string, string> values, IReadOnlyList<string> resources)
    {
        _values = values;
        Resources = resources;
    }

    public IReadOnlyList<string> Resources { get; }

    /// <summary>The only resource that is named; null for none. There may be more, which no token is for.</summary>
    public string? Resource => Resources is [var only, ..] ? only : null;

    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>The form of a request; what stands in the address is not looked at, as addresses are written down everywhere.</summary>
    public static async Task<(OAuthForm? Form, OAuthError? Error)> ReadAsync(
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (!Authentication.Transport.IsPrivate(context))
        {
            return (null, OAuthError.InvalidRequest("Use https, or http on this machine itself."));
        }

        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (!string.Equals(type, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            return (null, OAuthError.InvalidRequest("Send application/x-www-form-urlencoded."));
        }

        try
        {
            var form = await context.Request.ReadFormAsync(cancellationToken);
            return Of(form) is { } read
                ? (read, null)
                : (null, OAuthError.InvalidRequest("Each parameter is sent once, and holds no control characters."));
        }
        catch (InvalidDataException)
        {
            return (null, OAuthError.InvalidRequest("The form cannot be read."));
        }
    }

    /// <summary><c>null</c> when a parameter is repeated, or holds what no parameter holds.</summary>
    public static OAuthForm? Of(IEnumerable<KeyValuePair<string, StringValues>> pairs)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> resources = [];
        foreach (var (name, given) in pairs)
        {
            foreach (var value in given)
            {
                if (string.IsNullOrEmpty(value))
                {
                    continue;
                }

                if (value.Any(char.IsControl))
                {
                    return null;
                }

                if (name == "resource")
                {
                    resources.Add(value);
                }
                else if (!values.TryAdd(name, value))
                {
                    return null;
                }
            }
        }

        return new OAuthForm(values, [.. resources.Distinct(StringComparer.Ordinal)]);
    }
}
