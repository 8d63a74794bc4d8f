using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Access.Federation;

/// <summary>An issuer could not be asked, or did not answer as it must. The message says why, for the log.</summary>
internal sealed class IssuerException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>
/// Asks issuers: those of organisations through <see cref="GuardedHttp"/>, the operator's through <see cref="OperatorHttp"/>. Safe
/// for concurrent use.
/// </summary>
internal sealed class IssuerHttp(OperatorHttp own, GuardedHttp guarded, TimeProvider time)
{
    /// <summary>Documents of issuers are a few kilobytes.</summary>
    private const int MaxBytes = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="Body">Fields of a form.</param>
    /// <param name="Basic">Name and secret for the header; null for none.</param>
    internal sealed record Form(IReadOnlyList<KeyValuePair<string, string>> Body, (string Name, string Secret)? Basic);

    /// <summary>Why an address is not one of a server that this issuer's may be; <c>null</c> for a good one.</summary>
    public string? WhyNot(ExternalIssuer issuer, string? text)
    {
        if (
            text is not { Length: > 0 and <= GuardedAddress.MaxLength }
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || address.Scheme is not ("https" or "http")
            || address.UserInfo.Length > 0
            || address.Fragment.Length > 0
        )
        {
            return "no address";
        }

        if (issuer.Owner is not null && guarded.Rules.Check(text).Failure is { } failure)
        {
            return $"an address that is not called: {failure}";
        }

        // Without TLS on this machine only, and by the word of the operator.
        return address.Scheme == "https" || address.IsLoopback ? null : "an address without TLS";
    }

    /// <summary>The JSON object that the issuer answers.</summary>
    /// <exception cref="IssuerException">It could not be reached in ten seconds, or answered something else.</exception>
    public async Task<JsonElement> AskAsync(
        ExternalIssuer issuer,
        string address,
        Form? form,
        CancellationToken cancellationToken
    )
    {
        if (WhyNot(issuer, address) is { } why)
        {
            throw new IssuerException(why);
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var body = issuer.Owner is null
                ? await AskOwnAsync(new Uri(address), form, either.Token)
                : await AskGuardedAsync(new Uri(address), form, either.Token);
            return ForeignJson.Read(body) ?? throw new IssuerException("no JSON");
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IssuerException("no answer in time", exception);
        }
        catch (GuardedHttpException exception)
        {
            throw new IssuerException(exception.Failure.ToString(), exception);
        }
        catch (HttpRequestException exception)
        {
            throw new IssuerException($"{exception.HttpRequestError}", exception);
        }
        catch (IOException exception)
        {
            throw new IssuerException("the answer broke off", exception);
        }
    }

    private async Task<byte[]> AskOwnAsync(Uri address, Form? form, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(form is null ? HttpMethod.Get : HttpMethod.Post, address);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (form is not null)
        {
            message.Content = new FormUrlEncodedContent(form.Body);
            message.Headers.Authorization = form.Basic is { } basic ? new("Basic", Encode(basic)) : null;
        }

        using var answer = await own.Client.SendAsync(
            message,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new IssuerException($"status {(int)answer.StatusCode}");
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        return await ReadAsync(body, cancellationToken);
    }

    private async Task<byte[]> AskGuardedAsync(Uri address, Form? form, CancellationToken cancellationToken)
    {
        var request = new GuardedRequest(address, "application/json", MaxBytes)
        {
            Post = form is null
                ? null
                : new GuardedPost(
                    Encoding.ASCII.GetBytes(
                        await new FormUrlEncodedContent(form.Body).ReadAsStringAsync(cancellationToken)
                    ),
                    form.Basic is { } basic
                        ? new Dictionary<string, string> { ["Authorization"] = "Basic " + Encode(basic) }
                        : new Dictionary<string, string>()
                )
                {
                    MediaType = "application/x-www-form-urlencoded",
                },
        };
        await using var answer = await guarded.GetAsync(request, cancellationToken);
        if (answer.Status != HttpStatusCode.OK)
        {
            throw new IssuerException($"status {(int)answer.Status}");
        }

        // What stands at another address is another's word.
        if (answer.Address != address)
        {
            throw new IssuerException("a redirect");
        }

        return await ReadAsync(answer.Body, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        var piece = new byte[16 * 1024];
        int count;
        while ((count = await body.ReadAsync(piece, cancellationToken)) > 0)
        {
            if (whole.Length + count > MaxBytes)
            {
                throw new IssuerException("too long an answer");
            }

            whole.Write(piece, 0, count);
        }

        return whole.ToArray();
    }

    /// <summary>Both parts as a form writes them (RFC 6749, 2.3.1).</summary>
    private static string Encode((string Name, string Secret) basic) =>
        Convert.ToBase64String(
            Encoding.ASCII.GetBytes($"{WebUtility.UrlEncode(basic.Name)}:{WebUtility.UrlEncode(basic.Secret)}")
        );
}
