using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Platform.Tls;

/// <summary>What a certificate is shown for.</summary>
internal enum CertificateUse
{
    Server,
    Client,
}

/// <summary>What came out when a certificate was looked at.</summary>
/// <param name="WhyNot">Why it does not count, in a clause; null when it does.</param>
/// <param name="Until">Until when that holds, where the authorities and their lists stay the same.</param>
internal readonly record struct Judgement(string? WhyNot, DateTimeOffset Until)
{
    public static Judgement Refused(string why) => new(why, DateTimeOffset.MaxValue);
}

/// <summary>Whether the certificate of another side counts, by authorities that the operator named. Asks no network.</summary>
internal static class PeerCertificate
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <param name="sent">What came with it.</param>
    /// <param name="authorities">Where the chain has to end.</param>
    public static Judgement Judge(
        X509Certificate2 shown,
        X509Certificate2Collection sent,
        Authorities authorities,
        CertificateUse use,
        DateTimeOffset now
    )
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities.Roots);
        policy.ExtraStore.AddRange(authorities.Intermediates);
        policy.ExtraStore.AddRange(sent);
        // What was taken back is in files; what a certificate names is not downloaded.
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(use == CertificateUse.Server ? ServerUse : ClientUse));
        try
        {
            var isWhole = chain.Build(shown);
            var ends = chain.ChainElements.Min(element => (DateTimeOffset?)EndOf(element.Certificate));
            return !isWhole ? Judgement.Refused(Faults(chain, use, now))
                : use == CertificateUse.Client && !SaysClient(shown)
                    ? Judgement.Refused("it is not for clients: its extended key usage does not hold clientAuth")
                : authorities.Lists is { } lists ? AskLists(chain, lists, ends!.Value, now)
                : new Judgement(WhyNot: null, ends!.Value);
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    public static DateTimeOffset EndOf(X509Certificate2 certificate) => new(certificate.NotAfter);

    /// <summary>Whom a server's certificate is for, for a message.</summary>
    public static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension =>
                extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(one => one.ToString()))
            )
            .Take(10)
            .ToList();
        return Line(names.Count > 0 ? string.Join(", ", names) : certificate.Subject);
    }

    public static string Day(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static bool SaysClient(X509Certificate2 shown) =>
        shown
            .Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(extension => extension.EnhancedKeyUsages.Cast<Oid>().Any(usage => usage.Value == ClientUse));

    private static string Faults(X509Chain chain, CertificateUse use, DateTimeOffset now)
    {
        var all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        return all.HasFlag(X509ChainStatusFlags.UntrustedRoot) || all.HasFlag(X509ChainStatusFlags.PartialChain)
            ? IsItsOwn(chain)
                ? "it vouches for itself, and is no authority's that is believed here"
                : $"no authority that is believed here signed it (it names {IssuerOf(chain)})"
            : all.HasFlag(X509ChainStatusFlags.NotSignatureValid)
                ? "its signature is not that of its authority"
                : all.HasFlag(X509ChainStatusFlags.NotTimeValid)
                    ? OutOfTime(chain, now)
                    : all.HasFlag(X509ChainStatusFlags.NotValidForUsage)
                        ? use == CertificateUse.Server
                            ? "it is not for servers: its extended key usage does not hold serverAuth"
                            : "it is not for clients: its extended key usage does not hold clientAuth"
                        : string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation.Trim()));
    }

    private static bool IsItsOwn(X509Chain chain) =>
        chain.ChainElements is [{ Certificate: var only }]
        && only.SubjectName.RawData.AsSpan().SequenceEqual(only.IssuerName.RawData);

    private static string IssuerOf(X509Chain chain) =>
        chain.ChainElements.Count > 0 ? Line(chain.ChainElements[^1].Certificate.Issuer) : "nobody";

    private static string OutOfTime(X509Chain chain, DateTimeOffset now)
    {
        foreach (var (place, element) in chain.ChainElements.Index())
        {
            var which = place == 0 ? "it" : $"the certificate of its authority {Line(element.Certificate.Subject)}";
            var begins = new DateTimeOffset(element.Certificate.NotBefore);
            if (now > EndOf(element.Certificate))
            {
                return $"{which} ended {Day(EndOf(element.Certificate))}";
            }

            if (now < begins)
            {
                return $"{which} begins only {Day(begins)}";
            }
        }

        return "its time is not now";
    }

    private static Judgement AskLists(
        X509Chain chain,
        IReadOnlyList<RevocationList> lists,
        DateTimeOffset ends,
        DateTimeOffset now
    )
    {
        // Nobody takes a root back but whoever names it in the bundle.
        foreach (var (place, element) in chain.ChainElements.SkipLast(1).Index())
        {
            var certificate = element.Certificate;
            var which = place == 0 ? "it" : $"the certificate of its authority {Line(certificate.Subject)}";
            var ofIssuer = lists.Where(list => list.IsOf(certificate.IssuerName)).ToList();
            if (ofIssuer.MaxBy(list => list.Issued) is not { } latest)
            {
                return Judgement.Refused($"there is no revocation list of {Line(certificate.Issuer)}");
            }

            if (ofIssuer.Any(list => list.Revokes(certificate)))
            {
                return Judgement.Refused($"{which} was revoked");
            }

            if (latest.Ends is { } due)
            {
                if (now > due)
                {
                    return Judgement.Refused(
                        $"the revocation list of {Line(latest.IssuerName)} ended {Day(due)}: a newer one is due"
                    );
                }

                ends = due < ends ? due : ends;
            }
        }

        return new Judgement(WhyNot: null, ends);
    }

    /// <summary>Names come from the other side, and go into a log.</summary>
    internal static string Line(string name) =>
        string.Concat(name.Take(200).Select(letter => char.IsControl(letter) ? '?' : letter));
}
