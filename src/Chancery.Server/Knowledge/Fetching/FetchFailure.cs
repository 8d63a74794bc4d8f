using System.Globalization;
using System.Net;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>An address did not give a file.</summary>
/// <param name="isTransient">Whether the same fetch may succeed in a while.</param>
internal sealed class FetchException(Failure failure, bool isTransient = false, Exception? inner = null)
    : Exception($"Nothing was fetched: {failure.Code}.", inner)
{
    public Failure Failure { get; } = failure;

    public bool IsTransient { get; } = isTransient;
}

/// <summary>What a person is told when an address did not give a file. Nothing of what is inside is told.</summary>
internal static class FetchFailure
{
    public static Failure Of(GuardedFailure failure, long maxBytes) =>
        failure switch
        {
            GuardedFailure.Address => new(
                "url-refused",
                "This is not an address of the web. It begins with http:// or https://, and holds no user name and no blanks."
            ),
            GuardedFailure.Port => new(
                "url-refused",
                "Files are fetched from the usual ports only, 80 and 443. Download the file yourself and upload it."
            ),
            GuardedFailure.NotPublic => new(
                "url-not-public",
                "No public server has this name. Check the address for a typing mistake; from private networks nothing is fetched."
            ),
            GuardedFailure.Inside => new(
                "url-not-public",
                "This address leads into a private network, or to the server itself. Files are fetched from public servers "
                    + "only: download it yourself and upload it, or ask the operator to allow this host (GUARDED_HTTP_ALLOW)."
            ),
            GuardedFailure.NameService => new(
                "url-unreachable",
                "The name of this server could not be looked up just now. Try again later."
            ),
            GuardedFailure.Unreachable => new(
                "url-unreachable",
                "The server at this address does not answer. Check the address, or try again later."
            ),
            GuardedFailure.Tls => new(
                "url-insecure",
                "The server's certificate is not valid, so nobody can tell whose file this is. Download it yourself if you trust it."
            ),
            GuardedFailure.RedirectLoop => new(
                "url-redirects",
                "The address leads from one redirect to the next without an end. Use the address that a browser shows at last."
            ),
            GuardedFailure.RedirectTarget => new(
                "url-redirects",
                "The address redirects to one that cannot be fetched. Use the address that a browser shows at last."
            ),
            GuardedFailure.TooSlow => new(
                "url-too-slow",
                "The server took too long. Try again later, or download the file yourself and upload it."
            ),
            GuardedFailure.TooLarge => TooLarge(maxBytes),
            _ => new("url-broken", "The server broke off, or sent what is no proper answer. Try again later."),
        };

    /// <summary>For every status but that of a file.</summary>
    public static FetchException Of(HttpStatusCode status)
    {
        var number = ((int)status).ToString(CultureInfo.InvariantCulture);
        return status switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new FetchException(
                new("url-not-found", $"There is nothing at this address ({number}). Check it for a typing mistake.")
            ),
            HttpStatusCode.Unauthorized
            or HttpStatusCode.Forbidden
            or HttpStatusCode.PaymentRequired
            or HttpStatusCode.UnavailableForLegalReasons => new FetchException(
                new(
                    "url-forbidden",
                    $"The server gives this file to those it knows only ({number}). Download it yourself and upload it."
                )
            ),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                new FetchException(
                    new("url-unavailable", $"The server cannot give the file just now ({number}). Try again later."),
                    isTransient: true
                ),
            _ => new FetchException(
                new("url-no-file", $"The server answered {number}, which is no file. Check the address in a browser.")
            ),
        };
    }

    public static Failure TooLarge(long maxBytes) =>
        new(
            "too-large",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The file is larger than {maxBytes / 1_000_000.0:0.#} MB, the limit here. Ask the operator to raise it, or upload a part."
            )
        );
}
