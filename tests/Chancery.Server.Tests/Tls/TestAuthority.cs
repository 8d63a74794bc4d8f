using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Tests.Tls;

/// <summary>A small authority of a test: issues certificates with their keys, and takes them back.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1";
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset To = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private int _listNumber;

    /// <param name="above">Who issues its certificate; null for a root.</param>
    public TestAuthority(string name = "Authority of the tests", TestAuthority? above = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (above is null)
        {
            Certificate = request.CreateSelfSigned(From, To);
        }
        else
        {
            using var issued = request.Create(above.Certificate, From, To, Serial());
            Certificate = issued.CopyWithPrivateKey(key);
        }
    }

    /// <summary>With its key.</summary>
    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    /// <summary>A certificate with its key.</summary>
    /// <param name="use">What it says that it is for; null for a certificate that does not say.</param>
    public X509Certificate2 Issue(
        string name,
        string? use = ForClients,
        string? dns = null,
        string? uri = null,
        IPAddress? address = null,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, use, dns, uri, address);
        using var issued = request.Create(Certificate, from ?? From, to ?? To, Serial());
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate that nobody else vouches for.</summary>
    public static X509Certificate2 SelfSigned(string name, string use, string? dns = null, IPAddress? address = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(name, key, use, dns, uri: null, address).CreateSelfSigned(From, To);
    }

    /// <summary>The list of what it took back, in PEM form.</summary>
    /// <param name="next">When the next one is due.</param>
    public string Revoke(DateTimeOffset next, params X509Certificate2[] certificates)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in certificates)
        {
            builder.AddEntry(certificate, next - TimeSpan.FromDays(2));
        }

        var list = builder.Build(
            Certificate,
            new BigInteger(++_listNumber),
            next,
            HashAlgorithmName.SHA256,
            thisUpdate: next - TimeSpan.FromDays(2)
        );
        return PemEncoding.WriteString("X509 CRL", list) + "\n";
    }

    public void Dispose() => Certificate.Dispose();

    private static CertificateRequest Request(
        string name,
        ECDsa key,
        string? use,
        string? dns,
        string? uri,
        IPAddress? address
    )
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true)
        );
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        }

        var names = new SubjectAlternativeNameBuilder();
        if (dns is not null)
        {
            names.AddDnsName(dns);
        }

        if (uri is not null)
        {
            names.AddUri(new Uri(uri));
        }

        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        if (dns is not null || uri is not null || address is not null)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        return request;
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}

/// <summary>Files that a test renews, as renewers do: beside, and then in one step in the place of the old.</summary>
internal sealed class RenewedFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("chancery-tls-").FullName;

    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
        return path;
    }

    /// <summary>A certificate and its key, as <c>NAME.crt</c> and <c>NAME.key</c>.</summary>
    public (string Certificate, string Key) Write(string name, X509Certificate2 certificate, string chain = "")
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return (
            Write($"{name}.crt", certificate.ExportCertificatePem() + "\n" + chain),
            Write($"{name}.key", key.ExportPkcs8PrivateKeyPem())
        );
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
