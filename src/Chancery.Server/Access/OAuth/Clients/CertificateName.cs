using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>What a client's certificate is known by (RFC 8705, 2.1): one name, compared as a whole.</summary>
/// <param name="Kind">One of the constants.</param>
internal sealed record CertificateName(string Kind, string Name)
{
    /// <summary>A DNS name of the certificate's subject alternative names.</summary>
    public const string Dns = "dns";

    /// <summary>A URI of the certificate's subject alternative names, such as a SPIFFE id.</summary>
    public const string Uri = "uri";

    /// <summary>The certificate's subject, its last part first: <c>CN=billing, OU="Sales, North", O=Acme</c>.</summary>
    public const string Subject = "subject";

    private const int Longest = 2048;
    private const string AlternativeNames = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The name as it is compared; null for one that no certificate has, or that would stand for many.</summary>
    public static CertificateName? Of(string kind, string given)
    {
        var name = given.Trim();
        if (name.Length is 0 or > Longest || name.Any(char.IsControl))
        {
            return null;
        }

        return kind switch
        {
            Dns
                when System.Uri.CheckHostName(name) == UriHostNameType.Dns
                    && !name.Contains('*', StringComparison.Ordinal) => new CertificateName(
                Dns,
                name.ToLowerInvariant()
            ),
            Uri when System.Uri.TryCreate(name, UriKind.Absolute, out _) => new CertificateName(Uri, name),
            Subject => SubjectOf(name) is { Length: > 0 } subject ? new CertificateName(Subject, subject) : null,
            _ => null,
        };
    }

    /// <summary>Whether the certificate has this name. That it counts at all is somebody else's to say.</summary>
    public bool IsOn(X509Certificate2 certificate) =>
        Kind switch
        {
            Dns => certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .Any(extension =>
                    extension.EnumerateDnsNames().Any(name => name.Equals(Name, StringComparison.OrdinalIgnoreCase))
                ),
            Uri => UrisOf(certificate).Contains(Name, StringComparer.Ordinal),
            Subject => certificate.SubjectName.Name == Name,
            _ => false,
        };

    /// <summary>As the framework writes it, whatever the spaces and encodings.</summary>
    private static string? SubjectOf(string text)
    {
        try
        {
            // Made of a text it keeps the text; made of bytes it writes what a certificate's is written like.
            return new X500DistinguishedName(new X500DistinguishedName(text).RawData).Name;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static List<string> UrisOf(X509Certificate2 certificate)
    {
        var found = new List<string>();
        foreach (var extension in certificate.Extensions.Where(one => one.Oid?.Value == AlternativeNames))
        {
            try
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(UriTag))
                    {
                        found.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
            catch (AsnContentException)
            {
                // A certificate without readable names has none of ours.
            }
        }

        return found;
    }
}
