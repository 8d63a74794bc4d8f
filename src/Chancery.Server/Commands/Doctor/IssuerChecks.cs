using Chancery.Server.Access.Federation;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Commands.Doctor;

/// <summary>Whether the operator's issuers of identities answer, with keys for the algorithm that is registered.</summary>
internal sealed class IssuerChecks(IConfiguration configuration, OperatorHttp http, TimeProvider time)
{
    private const string Subject = "Issuers";

    /// <summary>None where none is configured.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        OperatorIssuers issuers;
        try
        {
            issuers = OperatorIssuers.Read(configuration);
        }
        catch (SettingException exception)
        {
            return
            [
                Finding.Bad(Subject, exception.Message, "Correct the setting; docs/federation.md shows a whole set."),
            ];
        }

        var directory = new IssuerDirectory(
            new IssuerHttp(http, new GuardedHttp(Options.Create(new GuardedHttpOptions()), time), time),
            time,
            NullLogger<IssuerDirectory>.Instance
        );
        var findings = new List<Finding>();
        foreach (var issuer in issuers.All)
        {
            findings.Add(await CheckAsync(directory, issuer, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> CheckAsync(
        IssuerDirectory directory,
        ExternalIssuer issuer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var (_, keys) = await directory.CheckAsync(issuer, cancellationToken);
            return keys.Count > 0
                ? Finding.Good(Subject, $"{issuer.Address} answers, {issuer.Algorithm}")
                : Finding.Weak(
                    Subject,
                    $"{issuer.Address} publishes no key for {issuer.Algorithm}",
                    "Set OIDC_ALGORITHM to the one that it signs ID tokens with."
                );
        }
        catch (IssuerException exception)
        {
            return Finding.Weak(
                Subject,
                $"{issuer.Address}: {exception.Message}",
                "Nobody signs in by it until it answers; see that OIDC_ISSUER is its address to the letter."
            );
        }
    }
}
