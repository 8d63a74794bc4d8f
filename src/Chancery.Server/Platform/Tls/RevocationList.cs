using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Platform.Tls;

/// <summary>What an authority took back (RFC 5280, 5): whole lists of certificates of its own, with its signature. Immutable.</summary>
/// <param name="Issuer">The authority's name, as it is encoded.</param>
/// <param name="Signer">The authority's key: one that renewed it may have lists under both.</param>
/// <param name="Ends">When the next one is there at the latest; null where the list does not say.</param>
internal sealed record RevocationList(
    byte[] Issuer,
    string IssuerName,
    string Signer,
    DateTimeOffset Issued,
    DateTimeOffset? Ends,
    FrozenSet<string> Serials
)
{
    private const string Label = "X509 CRL";
    private const byte DerSequence = 0x30;

    public bool IsOf(X500DistinguishedName issuer) => Issuer.AsSpan().SequenceEqual(issuer.RawData);

    public bool Revokes(X509Certificate2 certificate) => Serials.Contains(Written(certificate.SerialNumberBytes.Span));

    /// <summary>The lists of a file: PEM, one after the other, or one as it is. Of several by the same key the latest counts.</summary>
    /// <exception cref="InvalidDataException">One is of nobody in <paramref name="authorities"/>, or not genuine, or not whole.</exception>
    /// <exception cref="AsnContentException">One cannot be read.</exception>
    public static IReadOnlyList<RevocationList> ReadAll(
        string path,
        byte[] content,
        IReadOnlyList<X509Certificate2> authorities
    )
    {
        if (content is [DerSequence, ..])
        {
            return [Read(path, content, authorities)];
        }

        var lists = new List<RevocationList>();
        ReadOnlySpan<char> rest = PemText.Read(path, content);
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is Label)
            {
                lists.Add(Read(path, Convert.FromBase64String(rest[fields.Base64Data].ToString()), authorities));
            }

            rest = rest[fields.Location.End..];
        }

        return lists.Count > 0
            ?
            [
                .. lists
                    .GroupBy(list => (Convert.ToHexString(list.Issuer), list.Signer))
                    .Select(same => same.MaxBy(list => list.Issued)!),
            ]
            : throw new InvalidDataException($"{path} holds no revocation list (X509 CRL)");
    }

    private static RevocationList Read(string path, byte[] encoded, IReadOnlyList<X509Certificate2> authorities)
    {
        var whole = new AsnReader(encoded, AsnEncodingRules.DER);
        var parts = whole.ReadSequence();
        whole.ThrowIfNotEmpty();
        var signed = parts.PeekEncodedValue().ToArray();
        var body = parts.ReadSequence();
        var algorithm = parts.ReadSequence().ReadObjectIdentifier();
        var signature = parts.ReadBitString(out _);

        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            body.ReadInteger();
        }

        body.ReadSequence();
        var issuer = body.ReadEncodedValue().ToArray();
        var name = new X500DistinguishedName(issuer).Name;
        var issued = Time(body);
        DateTimeOffset? ends = body.HasData && IsTime(body) ? Time(body) : null;
        var serials = new HashSet<string>(StringComparer.Ordinal);
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            var entries = body.ReadSequence();
            while (entries.HasData)
            {
                var entry = entries.ReadSequence();
                serials.Add(Written(entry.ReadIntegerBytes().Span));
                Time(entry);
                if (entry.HasData)
                {
                    RefuseCritical(path, name, entry.ReadSequence());
                }
            }
        }

        if (body.HasData)
        {
            RefuseCritical(path, name, body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence());
        }

        var signer = authorities.FirstOrDefault(authority =>
            authority.SubjectName.RawData.AsSpan().SequenceEqual(issuer)
            && MaySign(authority)
            && IsSignedBy(authority, algorithm, signed, signature)
        );
        return signer is not null
            ? new RevocationList(
                issuer,
                name,
                Convert.ToHexString(SHA256.HashData(signer.PublicKey.ExportSubjectPublicKeyInfo())),
                issued,
                ends,
                serials.ToFrozenSet(StringComparer.Ordinal)
            )
            : throw new InvalidDataException(
                $"{path} holds a revocation list in the name of {PeerCertificate.Line(name)} that no authority of the bundle "
                    + "signed: the bundle has to hold its certificate, too"
            );
    }

    /// <summary>A part of a list, or one about certificates of others, says so in an extension that must be understood.</summary>
    private static void RefuseCritical(string path, string name, AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var kind = extension.ReadObjectIdentifier();
            if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean())
            {
                throw new InvalidDataException(
                    $"{path} holds a revocation list of {PeerCertificate.Line(name)} with the critical extension {kind}: only whole lists are taken"
                );
            }
        }
    }

    private static bool MaySign(X509Certificate2 authority) =>
        authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
        || usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign);

    private static bool IsSignedBy(X509Certificate2 authority, string algorithm, byte[] signed, byte[] signature)
    {
        // RSA (PKCS #1, version 1.5) and ECDSA, each with SHA-2.
        HashAlgorithmName? hash = algorithm switch
        {
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (hash is not { } known)
        {
            throw new InvalidDataException(
                $"a revocation list is signed by the algorithm {algorithm}; RSA and ECDSA with SHA-2 are taken"
            );
        }

        using var rsa = authority.GetRSAPublicKey();
        using var elliptic = authority.GetECDsaPublicKey();
        return algorithm.StartsWith("1.2.840.113549.", StringComparison.Ordinal)
            ? rsa?.VerifyData(signed, signature, known, RSASignaturePadding.Pkcs1) == true
            : elliptic?.VerifyData(signed, signature, known, DSASignatureFormat.Rfc3279DerSequence) == true;
    }

    private static bool IsTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime)
        || reader.PeekTag().HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset Time(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    /// <summary>Without the zero in front that some encodings have.</summary>
    private static string Written(ReadOnlySpan<byte> serial) => Convert.ToHexString(serial.TrimStart((byte)0));
}
